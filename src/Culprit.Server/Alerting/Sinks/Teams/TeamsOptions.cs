using Culprit.Server.Alerting.Setup;

namespace Culprit.Server.Alerting.Sinks.Teams;

/// <summary><c>type: teams</c>: a workflow of Microsoft Teams that posts what its webhook receives.</summary>
internal sealed class TeamsOptions : SinkOptions
{
    /// <summary>The workflow's address. Required. It is a secret: who has it can post.</summary>
    public string Url { get; set; } = "";

    public override string Target => Url;

    public override IEnumerable<string> Secrets() =>
        Uri.TryCreate(Url, UriKind.Absolute, out var url) && url.PathAndQuery.Length > 1 ? [Url, url.PathAndQuery] : [Url];

    protected override IEnumerable<string> OwnMistakes(string path) => UrlMistakes($"{path}:url", Url, isSecret: true);
}
