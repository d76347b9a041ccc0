using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace Culprit.Engine.Topology;

/// <summary>Finds the peers that a message refers to: URLs, hosts with ports, looked-up names, phrases, known services.</summary>
/// <remarks>
/// Cautious on purpose: an edge that does not exist misleads more than a missing one. A plain word counts only in a phrase that
/// needs a peer, or when a service of that name is known and the words around it speak of calling. No pattern here
/// nests quantifiers and the text is cut, so hostile text costs at most what a long message costs.
/// </remarks>
internal static partial class PeerScanner
{
    /// <summary>Characters of a message that are read.</summary>
    public const int MaxTextLength = 1000;

    /// <summary>Peers reported per message; the clearest forms come first.</summary>
    public const int MaxMentions = 8;

    private static readonly HashSet<string> NotNames = new(
        ("a an the this that all any some none null nil and or not no new old it its our their my your to from with by of in on at for "
        + "server service services host hosts upstream downstream peer client clients remote backend frontend-proxy endpoint url uri address "
        + "socket port pool network api proxy gateway node primary secondary replica master leader follower target destination resource "
        + "connection connections connect connecting request requests response reply call query transaction operation message session user "
        + "timeout timed time out failed failing failure error errors exception refused reset closed lost aborted denied unavailable "
        + "unreachable down dead slow was is are has have had be been returned returns after before while when because due during "
        + "database db cache broker queue storage dns line code status id at level attempt retry attempts retries exit errno pid thread process "
        + "version step row column offset partition count total size length duration took elapsed localhost").Split(' '),
        StringComparer.Ordinal);

    private static readonly HashSet<string> SourceFiles = new(
        ("java go py cs js ts tsx jsx mjs rb cpp cc c h hpp rs php kt scala swift ex erl lua pl sh sql").Split(' '), StringComparer.Ordinal);

    private static readonly HashSet<string> CallBefore = new(
        ("to from upstream downstream service calling call called contact contacting reach reaching reached with via against by "
        + "waiting-for on connecting host peer target dependency").Split(' '), StringComparer.Ordinal);

    private static readonly HashSet<string> CallAfter = new(
        ("service unavailable refused timeout timed unreachable failed down error returned responded reset rejected closed not "
        + "is call request connection response gave answered responds never did does").Split(' '), StringComparer.Ordinal);

    /// <summary>The peers in the order of the clarity of their form, then of the text.</summary>
    /// <param name="known">Node names of known services and dependencies.</param>
    public static IReadOnlyList<PeerMention> Find(string text, IReadOnlySet<string> known)
    {
        if (text.Length > MaxTextLength)
        {
            text = text[..MaxTextLength];
        }

        var found = new List<PeerMention>();
        foreach (Match match in Url().Matches(text))
        {
            AddHost(found, match.Groups["host"].Value, match.Groups["port"].Value);
        }

        foreach (Match match in HostAndPort().Matches(text))
        {
            if (LooksLikeHost(text, match, known))
            {
                AddHost(found, match.Groups["host"].Value, match.Groups["port"].Value);
            }
        }

        foreach (Match match in HostWithPort().Matches(text))
        {
            AddHost(found, match.Groups["host"].Value, match.Groups["port"].Value);
        }

        foreach (Match match in LookedUp().Matches(text))
        {
            var host = match.Groups["host"].Value.TrimEnd('.', ':');
            if (!NotNames.Contains(host.ToLowerInvariant()))
            {
                AddHost(found, host, "");
            }
        }

        foreach (Match match in Statement().Matches(text))
        {
            var name = NodeName.Normalise(match.Groups["name"].Value.TrimEnd('.', '-', '_'));
            if (known.Contains(name) || (name.Contains('-', StringComparison.Ordinal) && InfrastructureWords.OfNode(name) is not null))
            {
                Add(found, new PeerMention(name, 0, PeerForm.Phrase));
            }
        }

        AddPhrases(found, text, known);
        AddKnownNames(found, text, known);
        return found.Count > MaxMentions ? found[..MaxMentions] : found;
    }

    private static void AddHost(List<PeerMention> found, string host, string port)
    {
        var number = port.Length > 0 && int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : 0;
        var name = NodeName.Normalise(host);
        if (IPAddress.TryParse(name, out _) || name == "localhost")
        {
            Add(found, new PeerMention(number > 0 ? string.Create(CultureInfo.InvariantCulture, $"{name}:{number}") : name,
                number, PeerForm.Address));
        }
        else if (name.Length > 0)
        {
            Add(found, new PeerMention(name, number, PeerForm.Host));
        }
    }

    private static bool LooksLikeHost(string text, Match match, IReadOnlySet<string> known)
    {
        var host = match.Groups["host"].Value.ToLowerInvariant();
        var port = int.Parse(match.Groups["port"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);
        var extension = host.LastIndexOf('.') is >= 0 and var dot ? host[(dot + 1)..] : "";
        // .NET reads "12" as the address 0.0.0.12: without a letter only four numbers are a host, the rest are times and counts.
        var isTime = host.AsSpan().IndexOfAnyInRange('a', 'z') < 0 && host.Count(c => c == '.') != 3;
        if (isTime || SourceFiles.Contains(extension) || port is 0 or > 65535)
        {
            return false;
        }

        if (known.Contains(NodeName.Normalise(host)) || InfrastructureWords.OfPort(port) is not null)
        {
            return !NotNames.Contains(host) || host == "localhost";
        }

        var isAddress = host.Contains('.', StringComparison.Ordinal) && IPAddress.TryParse(host, out _);
        var before = text[Math.Max(0, match.Index - 40)..match.Index];
        return !NotNames.Contains(host)
            && port >= 80
            && (isAddress || host.AsSpan().IndexOfAny('-', '.') > 0 || SpeaksOfCalling().IsMatch(before));
    }

    private static void AddPhrases(List<PeerMention> found, string text, IReadOnlySet<string> known)
    {
        foreach (Match match in Phrase().Matches(text))
        {
            var word = match.Groups["name"].Value.TrimEnd('.', '-', '_', ':');
            var name = NodeName.Normalise(word);
            var isStrict = match.Groups["strict"].Success;
            var isKey = match.Index + match.Length < text.Length && text[match.Index + match.Length] == '='; // "orders-service request_id=17"
            var isName = known.Contains(name)
                || InfrastructureWords.Of(name) is { IsGeneric: false }
                || (word.Length > 3 && word.AsSpan().IndexOfAny('-', '_') > 0)
                || (isStrict && FailsOrEnds().IsMatch(text.AsSpan(match.Index + match.Length)));
            if (isName && !isKey && !NotNames.Contains(name) && !SourceFiles.Contains(name))
            {
                Add(found, new PeerMention(name, 0, PeerForm.Phrase));
            }
        }
    }

    private static void AddKnownNames(List<PeerMention> found, string text, IReadOnlySet<string> known)
    {
        var words = Word().Matches(text);
        for (var i = 0; i < words.Count; i++)
        {
            var word = words[i].Value.TrimEnd('.', '-', '_');
            var name = NodeName.Normalise(word);
            if (!known.Contains(name))
            {
                continue;
            }

            var isDistinct = word.AsSpan().IndexOfAny('-', '_') > 0 || word.AsSpan().IndexOfAnyInRange('0', '9') >= 0;
            var isCalled = (i > 0 && CallBefore.Contains(words[i - 1].Value.ToLowerInvariant()))
                || (i + 1 < words.Count && CallAfter.Contains(words[i + 1].Value.ToLowerInvariant()));
            if (isDistinct || isCalled)
            {
                Add(found, new PeerMention(name, 0, PeerForm.KnownName));
            }
        }
    }

    private static void Add(List<PeerMention> found, PeerMention mention)
    {
        if (!found.Exists(m => m.Name == mention.Name))
        {
            found.Add(mention);
        }
    }

    private const RegexOptions Plain = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;

    [GeneratedRegex(@"\b[a-z][a-z0-9+.-]{1,20}://(?:[^\s/@""']{1,200}@)?(?<host>[a-z0-9][a-z0-9._-]{0,200})(?::(?<port>[0-9]{1,5}))?", Plain)]
    private static partial Regex Url();

    [GeneratedRegex(@"(?<![\w.\-/(@])(?<host>(?>[a-z0-9][a-z0-9._-]{0,200})):(?<port>[0-9]{2,5})(?![\w]|[.:][0-9])", Plain)]
    private static partial Regex HostAndPort();

    [GeneratedRegex(@"\bhost=['""]?(?<host>[a-z0-9][a-z0-9._-]{0,200})['""]?, ?port=(?<port>[0-9]{2,5})\b", Plain)]
    private static partial Regex HostWithPort();

    [GeneratedRegex(@"(?:\blookup |ENOTFOUND |EAI_AGAIN |could not (?:resolve|translate) host(?: ?name)?:? ['""]?|UnknownHostException: )(?<host>[a-z0-9][a-z0-9._-]{0,200})", Plain)]
    private static partial Regex LookedUp();

    [GeneratedRegex(@"\b(?:query|statement|select|insert|update|delete|transaction)\b[^:]{0,40}? on (?<name>[a-z][a-z0-9._-]{1,80})", Plain)]
    private static partial Regex Statement();

    [GeneratedRegex(@"(?:(?<strict>\b(?:connection|connect|connecting|handshake) (?:to|with) (?:the )?|\bupstream (?:service )?)|\b(?:calling|call (?:to|of|[0-9]+ of)|request to|rpc to|response from|reply from|error from|slow (?:query|statement|command|call|request|response) (?:on|to|from|of)|reach|reaching|contacting|unable to reach|service|connection from) )['""`]?(?<name>[a-z][a-z0-9._-]{1,80})['""`]?", Plain)]
    private static partial Regex Phrase();

    [GeneratedRegex(@"^\s*(?:[:,;)]|$|refused|reset|timed|time-?out|failed|lost|closed|was|is |unavailable|unreachable|dropped|aborted|error|denied|returned)", Plain)]
    private static partial Regex FailsOrEnds();

    [GeneratedRegex(@"connect|dial|host|upstream|peer|addr|broker|server|lookup|proxy|reach|call", Plain)]
    private static partial Regex SpeaksOfCalling();

    [GeneratedRegex(@"[a-z0-9][a-z0-9._-]*", Plain)]
    private static partial Regex Word();
}
