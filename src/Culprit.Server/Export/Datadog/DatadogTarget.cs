using Culprit.Server.Alerting.Setup;
using Culprit.Server.Configuration;

namespace Culprit.Server.Export.Datadog;

/// <summary>Where Datadog is, in the terms of the HTTP client that it shares with alert sinks.</summary>
internal sealed class DatadogTarget : SinkOptions
{
    private readonly DatadogSection _section;

    public DatadogTarget(DatadogSection section)
    {
        _section = section;
        Address = section.Address ?? throw new ArgumentException("The section has mistakes.", nameof(section));

        // A relay within the network is a full address that the operator wrote down; a site is always public.
        AllowPrivate = section.Site.Contains("://", StringComparison.Ordinal);
        AllowLoopback = Address.IsLoopback;
    }

    public Uri Address { get; }

    public string ApiKey => _section.ApiKey!;

    public override string Target => Address.AbsoluteUri;

    public override IEnumerable<string> Secrets() => [ApiKey];

    protected override IEnumerable<string> OwnMistakes(string path) => _section.Mistakes();
}
