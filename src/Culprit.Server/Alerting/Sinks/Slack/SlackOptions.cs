using Culprit.Server.Alerting.Setup;

namespace Culprit.Server.Alerting.Sinks.Slack;

/// <summary><c>type: slack</c>: an incoming webhook of Slack, or of a chat that takes the same messages; or, with a token, a bot that writes threads.</summary>
internal sealed class SlackOptions : SinkOptions
{
    private const string Api = "https://slack.com/api";

    /// <summary>The incoming webhook's address, which is a secret: who has it can post. Required without a token; with one, the API's, default <c>https://slack.com/api</c>.</summary>
    public string Url { get; set; } = "";

    /// <summary>Token of a bot (<c>xoxb-…</c>) with the scope <c>chat:write</c>: updates go into the incident's thread. Default: none, the webhook is used.</summary>
    public string? Token { get; set; }

    /// <summary>Where the bot posts: the channel's id (<c>C0123456789</c>). The bot must be in it. Required with a token.</summary>
    public string? Channel { get; set; }

    public override string Target => Token is not null && Url.Length == 0 ? Api : Url;

    public override IEnumerable<string> Secrets() => Token is { } token ? [token]
        : Uri.TryCreate(Url, UriKind.Absolute, out var url) && url.PathAndQuery.Length > 1 ? [Url, url.PathAndQuery] : [Url];

    protected override IEnumerable<string> OwnMistakes(string path)
    {
        foreach (var mistake in UrlMistakes($"{path}:url", Target, isSecret: true))
        {
            yield return mistake;
        }

        if (Token is { } token && (token.Length is < 12 or > 300 || !token.StartsWith("xox", StringComparison.Ordinal) || !token.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.')))
        {
            yield return $"{path}:token: the value (not shown) is not allowed; use the token of a bot, which begins with xoxb-.";
        }

        if (Token is not null && (Channel is null || Channel.Length is 0 or > 80 || !Channel.All(c => char.IsAsciiLetterOrDigit(c) || c is '#' or '-' or '_')))
        {
            yield return NotAllowed($"{path}:channel", Channel ?? "", "the id of a channel, such as C0123456789");
        }

        if (Token is null && Channel is not null)
        {
            yield return $"{path}:channel: a webhook has its own channel; a channel needs a token.";
        }
    }
}
