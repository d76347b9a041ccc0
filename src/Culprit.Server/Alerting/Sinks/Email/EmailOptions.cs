using Culprit.Server.Alerting.Setup;
using MimeKit;

namespace Culprit.Server.Alerting.Sinks.Email;

/// <summary><c>type: email</c>: a message to people by SMTP.</summary>
internal sealed class EmailOptions : SinkOptions
{
    private const int MaxRecipients = 50;

    /// <summary>Name of the SMTP server. Required.</summary>
    public string Host { get; set; } = "";

    /// <summary>Default 587 with <c>starttls</c>, 465 with <c>tls</c>, 25 with <c>none</c>.</summary>
    public int? Port { get; set; }

    /// <summary><c>starttls</c> (default), <c>tls</c> from the first byte, or <c>none</c>: only to this machine, with <c>allowLoopback: true</c>.</summary>
    public string Security { get; set; } = "starttls";

    /// <summary>Default: none, the server is used without signing in.</summary>
    public string? User { get; set; }

    public string? Password { get; set; }

    /// <summary>Who the messages come from. Required.</summary>
    public string From { get; set; } = "";

    /// <summary>Who gets them, one to 50. Required.</summary>
    public List<string> To { get; set; } = [];

    public override string Target => $"{Host}:{ActualPort}";

    internal bool IsPlain => Security == "none";

    internal int ActualPort => Port ?? Security switch { "tls" => 465, "none" => 25, _ => 587 };

    public override IEnumerable<string> Secrets() => Password is { } password ? [password] : [];

    protected override IEnumerable<string> OwnMistakes(string path)
    {
        if (Uri.CheckHostName(Host) == UriHostNameType.Unknown)
        {
            yield return NotAllowed($"{path}:host", Host, "the name of an SMTP server");
        }
        else if (System.Net.IPAddress.TryParse(Host, out var address) && AddressRules.Refuse(address, this) is { } reason)
        {
            yield return $"{path}:host: {reason}.";
        }

        if (ActualPort is < 1 or > 65535)
        {
            yield return NotAllowed($"{path}:port", ActualPort.ToString(System.Globalization.CultureInfo.InvariantCulture), "1 to 65535");
        }

        if (Security is not ("starttls" or "tls") && !(IsPlain && AllowLoopback))
        {
            yield return NotAllowed($"{path}:security", Security, "starttls or tls (none only to this machine, with allowLoopback: true)");
        }

        if ((User is null) != (Password is null))
        {
            yield return $"{path}:user: a user needs a password, and a password a user.";
        }

        if (!MailboxAddress.TryParse(From, out _))
        {
            yield return NotAllowed($"{path}:from", From, "an address such as culprit@example.com");
        }

        if (To.Count is 0 or > MaxRecipients)
        {
            yield return NotAllowed($"{path}:to", $"{To.Count} addresses", $"1 to {MaxRecipients}");
        }

        foreach (var to in To.Where(t => !MailboxAddress.TryParse(t, out _)))
        {
            yield return NotAllowed($"{path}:to", to, "addresses such as oncall@example.com");
        }
    }
}
