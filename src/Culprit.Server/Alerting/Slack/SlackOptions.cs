namespace Culprit.Server.Alerting.Slack;

/// <summary><c>type: slack</c>: an incoming webhook of Slack, or of a chat that takes the same messages.</summary>
internal sealed class SlackOptions : SinkOptions
{
    /// <summary>The incoming webhook's address. Required. It is a secret: who has it can post.</summary>
    public string Url { get; set; } = "";

    public override string Target => Url;

    public override IEnumerable<string> Secrets() =>
        Uri.TryCreate(Url, UriKind.Absolute, out var url) && url.PathAndQuery.Length > 1 ? [Url, url.PathAndQuery] : [Url];

    protected override IEnumerable<string> OwnMistakes(string path) => UrlMistakes($"{path}:url", Url, isSecret: true);
}
