using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace Culprit.Server.Redaction;

/// <summary>Replaces secrets and personal data by placeholders before text leaves the machine, and puts them back on the way in.</summary>
/// <remarks>
/// One value has one placeholder for the whole run, so that a model can still tell two users apart. The map never leaves the process.
/// Kinds of secrets are those with a shape of their own (keys of the large providers, tokens, private keys) and those that a name gives away
/// (<c>password=…</c>). Expressions never look back, so their time is in proportion to the text; upper bounds would only make them larger. Not thread-safe.
/// </remarks>
internal sealed partial class Redactor
{
    private readonly Dictionary<string, string> _placeholders = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);

    /// <summary>True: e-mail addresses, phone numbers and public IP addresses stay, for readers who are the operator's own people. Default false.</summary>
    public bool KeepsContacts { get; init; }

    /// <summary>Values replaced so far.</summary>
    public int Count => _values.Count;

    public string Redact(string text)
    {
        var safe = PrivateKey().Replace(text, m => Placeholder("secret", m.Value));
        safe = Shaped().Replace(safe, m => Placeholder("secret", m.Value));
        safe = UrlPassword().Replace(safe, m => m.Groups["before"].Value + Hide("secret", m.Groups["value"].Value) + "@");
        safe = Authorization().Replace(safe, m => m.Groups["before"].Value + Hide("secret", m.Groups["value"].Value));
        safe = Named().Replace(safe, m => m.Groups["before"].Value + Hide("secret", m.Groups["value"].Value) + m.Groups["after"].Value);
        safe = Card().Replace(safe, m => IsCard(m.Value) ? Placeholder("card", m.Value) : m.Value);
        safe = Iban().Replace(safe, m => IsIban(m.Value) ? Placeholder("iban", m.Value) : m.Value);
        return KeepsContacts ? safe : WithoutContacts(safe);
    }

    /// <summary>Puts back what <see cref="Redact"/> took out; placeholders of others stay as they are.</summary>
    public string Restore(string text) => _values.Count == 0
        ? text
        : AnyPlaceholder().Replace(text, m => _values.GetValueOrDefault(m.Value, m.Value));

    private string WithoutContacts(string text)
    {
        var safe = Email().Replace(text, m => Placeholder("email", m.Value));
        safe = Phone().Replace(safe, m => Placeholder("phone", m.Value));
        return Address().Replace(safe, m => IsPublic(m.Value) ? Placeholder("ip", m.Value) : m.Value);
    }

    private string Hide(string kind, string value) => AnyPlaceholder().IsMatch(value) ? value : Placeholder(kind, value);

    private string Placeholder(string kind, string value)
    {
        if (!_placeholders.TryGetValue(value, out var placeholder))
        {
            var number = _counts[kind] = _counts.GetValueOrDefault(kind) + 1;
            placeholder = string.Create(CultureInfo.InvariantCulture, $"[{kind}-{number}]");
            _placeholders.Add(value, placeholder);
            _values.Add(placeholder, value);
        }

        return placeholder;
    }

    /// <summary>Luhn's check digit, over 13 to 19 digits.</summary>
    private static bool IsCard(string text)
    {
        var sum = 0;
        var place = 0;
        for (var i = text.Length - 1; i >= 0; i--)
        {
            if (char.IsAsciiDigit(text[i]))
            {
                var digit = (text[i] - '0') * (place % 2 == 0 ? 1 : 2);
                sum += digit > 9 ? digit - 9 : digit;
                place++;
            }
        }

        return place is >= 13 and <= 19 && sum % 10 == 0 && sum > 0;
    }

    /// <summary>ISO 13616: the rest by 97 is 1.</summary>
    private static bool IsIban(string text)
    {
        var compact = text.Replace(" ", "", StringComparison.Ordinal);
        if (compact.Length is < 15 or > 34)
        {
            return false;
        }

        var rest = 0;
        foreach (var c in compact[4..] + compact[..4])
        {
            var value = char.IsAsciiDigit(c) ? c - '0' : c - 'A' + 10;
            rest = ((rest * (value > 9 ? 100 : 10)) + value) % 97;
        }

        return rest == 1;
    }

    /// <summary>Private addresses name machines, which the model must be able to tell apart; public ones may name people.</summary>
    private static bool IsPublic(string text)
    {
        if (!IPAddress.TryParse(text, out var address))
        {
            return false;
        }

        var b = address.GetAddressBytes();
        return b is not ([0 or 10 or 127, ..] or [172, >= 16 and <= 31, ..] or [192, 168, ..] or [169, 254, ..] or [100, >= 64 and <= 127, ..] or [>= 224, ..]);
    }

    [GeneratedRegex(@"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[A-Za-z0-9+/=\\\sA-Z:,-]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\z)", RegexOptions.NonBacktracking)]
    private static partial Regex PrivateKey();

    [GeneratedRegex(
        """
        \b(?:
          (?:AKIA|ASIA)[A-Z0-9]{16}
        | gh[pousr]_[A-Za-z0-9]{30,} | github_pat_[A-Za-z0-9_]{22,} | glpat-[A-Za-z0-9_-]{20,}
        | xox[abposr]-[A-Za-z0-9-]{10,} | xapp-[A-Za-z0-9-]{10,}
        | [sr]k_(?:live|test)_[A-Za-z0-9]{16,} | whsec_[A-Za-z0-9+/=]{16,}
        | sk-(?:ant-|proj-)?[A-Za-z0-9_-]{20,} | culprit_[A-Za-z0-9_-]{43}
        | AIza[A-Za-z0-9_-]{35} | ya29\.[A-Za-z0-9_-]{20,}
        | SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}
        | npm_[A-Za-z0-9]{36} | pypi-[A-Za-z0-9_-]{40,} | dop_v1_[a-f0-9]{64} | hv[sb]\.[A-Za-z0-9_-]{20,}
        | eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?
        )
        """, RegexOptions.NonBacktracking | RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Shaped();

    [GeneratedRegex(@"(?<before>[A-Za-z][A-Za-z0-9+.-]+://[^\s:/@""']*:)(?<value>[^\s@/""']+)@", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex UrlPassword();

    [GeneratedRegex(
        @"(?<before>\b(?:(?:proxy-)?authorization|x-api-key|cookie|set-cookie)[""']?\s{0,4}[:=]\s{0,4}[""']?(?:(?:bearer|basic|token|digest|apikey)\s{1,4})?|\bbearer\s{1,4})(?<value>[^\s""',]{6,})",
        RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase)]
    private static partial Regex Authorization();

    [GeneratedRegex(
        """
        (?<before>(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[_.-]?key|access[_.-]?key(?:[_.-]?id)?|private[_.-]?key|client[_.-]?secret|credentials?|session[_.-]?(?:id|key)|auth[_.-]?(?:key|code)|otp|pin[_.-]?code|ssn)
          \\?["']?\s{0,4}(?:[:=]|=>|\ is\ )\s{0,4}\\?["']?)
        (?<value>[^\s"'\\,;&)}\]<>]{3,})(?<after>)
        """, RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase | RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Named();

    [GeneratedRegex(@"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+){0,4}\.[A-Za-z]{2,}\b", RegexOptions.NonBacktracking)]
    private static partial Regex Email();

    [GeneratedRegex(@"\b[2-6][0-9]{3}[ -]?(?:[0-9]{4}[ -]?){2}[0-9]{1,7}\b|\b3[47][0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{5}\b", RegexOptions.NonBacktracking)]
    private static partial Regex Card();

    [GeneratedRegex(@"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b", RegexOptions.NonBacktracking)]
    private static partial Regex Iban();

    [GeneratedRegex(@"\+[1-9][0-9]{0,2}[ .-]?(?:\([0-9]{1,4}\)[ .-]?)?[0-9]{2,4}(?:[ .-]?[0-9]{2,4}){1,4}\b", RegexOptions.NonBacktracking)]
    private static partial Regex Phone();

    [GeneratedRegex(@"\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b", RegexOptions.NonBacktracking)]
    private static partial Regex Address();

    [GeneratedRegex(@"\[(?:secret|email|card|iban|phone|ip)-[0-9]{1,6}\]", RegexOptions.NonBacktracking)]
    private static partial Regex AnyPlaceholder();
}
