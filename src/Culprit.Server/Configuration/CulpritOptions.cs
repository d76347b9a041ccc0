using Culprit.Engine;
using Culprit.Engine.Detection.ErrorThreshold;
using Culprit.Engine.Extending;
using Culprit.Engine.Rules;
using Culprit.Server.Storage.Postgres;

namespace Culprit.Server.Configuration;

/// <summary>The keys of <c>culprit.yaml</c> (or of any .NET configuration source).</summary>
internal sealed class CulpritOptions
{
    public const string EmbeddedStore = "embedded";

    /// <summary>Folder of journal, records and state. Default <c>culprit-data</c> in the current folder.</summary>
    public string Data { get; set; } = "culprit-data";

    /// <summary><c>embedded</c> (default): records and state in the data folder. <c>postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=…</c>: in PostgreSQL (docs/operations.md). The journal is in the data folder either way.</summary>
    public string Store { get; set; } = EmbeddedStore;

    /// <summary>Two servers run on one PostgreSQL database, each with this on: one runs the engine, the other takes over when it dies; both take events (docs/operations.md). Default <c>false</c>.</summary>
    public bool HighAvailability { get; set; }

    /// <summary>Addresses to listen on, separated by semicolons; <c>https://</c> needs <c>tls</c>. Default <c>http://127.0.0.1:8000</c>.</summary>
    public string Urls { get; set; } = "http://127.0.0.1:8000";

    /// <summary><c>sync</c> (default): a success answer means the events are on disk. <c>async</c>: they may be lost with power.</summary>
    public string Durability { get; set; } = "sync";

    /// <summary>Only records whose <c>source</c> matches this regular expression are analysed. Default: all.</summary>
    public string? SourceFilter { get; set; }

    /// <summary>Which services each service calls: SEED's <c>SERVICE_DEPENDENCIES</c>.</summary>
    public Dictionary<string, List<string>> ServiceDependencies { get; set; } = new(StringComparer.Ordinal);

    /// <summary>Calls that do not exist, whatever messages, traces and spans suggest: caller to callees. A declared one stands all the same. Default: none.</summary>
    public Dictionary<string, List<string>> VetoedDependencies { get; set; } = new(StringComparer.Ordinal);

    /// <summary>Folder of runbooks (<c>*.md</c>). Default: <c>runbooks</c> if it exists.</summary>
    public string? Runbooks { get; set; }

    /// <summary>How long which records are kept, and which are sampled; the first rule that matches decides. Default: none.</summary>
    public List<AdmissionSection> Admission { get; set; } = [];

    /// <summary>How long records and events are kept where no rule says otherwise, and how much room they may take.</summary>
    public RetentionSection Retention { get; set; } = new();

    public DiskSection Disk { get; set; } = new();

    public MemorySection Memory { get; set; } = new();

    public DedupeSection Dedupe { get; set; } = new();

    public SummarySection Summary { get; set; } = new();

    public ThresholdSection Threshold { get; set; } = new();

    public FlowSection Flows { get; set; } = new();

    /// <summary>What to look for, and what to do then (docs/rules.md). Default: none.</summary>
    public List<RuleOptions> Rules { get; set; } = [];

    /// <summary>Types of events of your own, checked on receipt (docs/rules.md). Default: none; undeclared types are accepted as they are.</summary>
    public List<EventTypeOptions> EventTypes { get; set; } = [];

    /// <summary>How the handlers of rules are called.</summary>
    public TriggerOptions Triggers { get; set; } = new();

    /// <summary>Assemblies to load (docs/extending.md); paths relative to the configuration file. They run with all rights of the server.</summary>
    public List<string> Plugins { get; set; } = [];

    /// <summary>What the assemblies of <see cref="Plugins"/> brought.</summary>
    internal PluginRegistry Plugged { get; set; } = new();

    public DatadogSection Datadog { get; set; } = new();

    public TelemetrySection Telemetry { get; set; } = new();

    public SelfAlertSection SelfAlerts { get; set; } = new();

    /// <summary>Changes that others report (docs/changes.md).</summary>
    public ChangesSection Changes { get; set; } = new();

    public OtlpSection Otlp { get; set; } = new();

    /// <summary>A model that explains what the ranker found. Default: none.</summary>
    public AnalystSection Analyst { get; set; } = new();

    public WebSocketSection WebSocket { get; set; } = new();

    public AccessSection Access { get; set; } = new();

    public TlsSection Tls { get; set; } = new();

    public ElasticsearchSection Elasticsearch { get; set; } = new();

    /// <summary>Checks every value; each mistake names key, value and what is allowed.</summary>
    public IReadOnlyList<string> Mistakes()
    {
        var mistakes = new List<string>();
        Check(Runbooks is null || Directory.Exists(Runbooks), "runbooks", Runbooks ?? string.Empty, "a folder that exists (relative to the current folder)");
        if (Store != EmbeddedStore && !StoreUrl.TryParse(Store, out _))
        {
            mistakes.Add($"store: the value (not repeated here, as it may hold a password) is not allowed; use {EmbeddedStore} or {StoreUrl.Allowed}.");
        }

        Check(!HighAvailability || Store != EmbeddedStore, "highAvailability", HighAvailability, "false with the embedded store; two servers need a PostgreSQL database");
        Check(Durability is "sync" or "async", "durability", Durability, "sync or async");
        Check(Dedupe.WindowSeconds is > 0 and <= 3600, "dedupe:windowSeconds", Dedupe.WindowSeconds, "more than 0, at most 3600");
        Check(Dedupe.Prefix is >= 0 and <= 65536, "dedupe:prefix", Dedupe.Prefix, "0 (whole message) to 65536 bytes");
        Check(Summary.Records is >= 1, "summary:records", Summary.Records, "1 or more");
        Check(Summary.IntervalSeconds is > 0 and <= 86400, "summary:intervalSeconds", Summary.IntervalSeconds, "more than 0, at most 86400");
        Check(Threshold.Count is >= 1 and <= 64, "threshold:count", Threshold.Count, "1 to 64");
        Check(Threshold.WindowSeconds is >= 1 and <= 240, "threshold:windowSeconds", Threshold.WindowSeconds, "1 to 240");
        Check(Threshold.Counting is "occurrences" or "distinct", "threshold:counting", Threshold.Counting, "occurrences or distinct");
        Check(Threshold.BaselineMinutes is >= 1 and <= 60, "threshold:baselineMinutes", Threshold.BaselineMinutes, "1 to 60");
        AdmissionSection.Check(Admission, Retention, Check);
        Retention.Check(Check);
        Disk.Check(Check);
        Memory.Check(Check);
        SelfAlerts.Check(Check);
        Telemetry.Check(Check);
        Analyst.Check(Check);
        Flows.Check(Check);
        Access.Check(Check);
        Tls.Check(Check);
        Otlp.Check(Check);
        mistakes.AddRange(Datadog.Mistakes());
        mistakes.AddRange(Changes.GitHub.Mistakes());
        Check(WebSocket.MaxConnections is >= 0 and <= 100_000, "webSocket:maxConnections", WebSocket.MaxConnections, "0 (none) to 100000");
        Check(
            System.Version.TryParse(Elasticsearch.Version, out var elastic) && elastic.Build >= 0,
            "elasticsearch:version",
            Elasticsearch.Version,
            "MAJOR.MINOR.PATCH");
        foreach (var url in Urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var isUrl = Uri.TryCreate(url.Replace("://*", "://localhost", StringComparison.Ordinal).Replace("://+", "://localhost", StringComparison.Ordinal), UriKind.Absolute, out var uri)
                && (uri.Scheme is "http" || (uri.Scheme is "https" && Tls.IsOn));
            Check(isUrl, "urls", url, "http://ADDRESS:PORT, or https://ADDRESS:PORT with tls: certificate");
        }

        if (SourceFilter is { } pattern)
        {
            try
            {
                _ = new Engine.Filtering.SourceFilter(pattern);
            }
            catch (ArgumentException e)
            {
                Check(false, "sourceFilter", pattern, "a regular expression without backtracking; " + e.Message);
            }
        }

        var further = new Mistakes();
        Triggers.Check("triggers", further);
        Read(further);
        mistakes.AddRange(further.All);
        return mistakes;

        void Check(bool ok, string key, object value, string allowed)
        {
            if (!ok)
            {
                mistakes.Add(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{key}: '{value}' is not allowed; use {allowed}."));
            }
        }
    }

    /// <summary>Rules and event types of configuration and plug-ins; what has a mistake is left out.</summary>
    public ExtensionSet ToExtensions() => Read(new Mistakes());

    private ExtensionSet Read(Mistakes mistakes) => ExtensionSet.Read(Rules, EventTypes, Plugged, mistakes);

    public PipelineOptions ToPipelineOptions() => new()
    {
        Rules = ToExtensions().Rules,
        Detectors = Plugged.Detectors,
        SourceFilter = SourceFilter,
        DedupeWindow = TimeSpan.FromSeconds(Dedupe.WindowSeconds),
        DedupePrefix = Dedupe.Prefix,
        Flows = Flows.ToOptions(),
        SummaryRecords = Summary.Records,
        SummaryInterval = TimeSpan.FromSeconds(Summary.IntervalSeconds),
        Dependencies = ServiceDependencies.ToDictionary(d => d.Key, d => (IReadOnlyList<string>)d.Value, StringComparer.Ordinal),
        VetoedDependencies = VetoedDependencies.ToDictionary(d => d.Key, d => (IReadOnlyList<string>)d.Value, StringComparer.Ordinal),
        ErrorThreshold = new ErrorThresholdOptions
        {
            Count = Threshold.Count,
            Window = TimeSpan.FromSeconds(Threshold.WindowSeconds),
            Counting = Threshold.Counting == "distinct" ? ThresholdCount.Distinct : ThresholdCount.Occurrences,
            Baseline = TimeSpan.FromMinutes(Threshold.BaselineMinutes),
        },
    };
}

/// <summary>What counts as a repetition.</summary>
internal sealed class DedupeSection
{
    /// <summary>Same service, level and message within this time is a duplicate. Default 5.</summary>
    public double WindowSeconds { get; set; } = 5;

    /// <summary>Compare only this many leading bytes of the message; 0 compares all. Default 0 (SEED: 100).</summary>
    public int Prefix { get; set; }
}

/// <summary>When an environment is summarised.</summary>
internal sealed class SummarySection
{
    /// <summary>Default 50.</summary>
    public int Records { get; set; } = 50;

    /// <summary>Default 300.</summary>
    public double IntervalSeconds { get; set; } = 300;
}

/// <summary>When errors become an anomaly.</summary>
internal sealed class ThresholdSection
{
    /// <summary>Errors within the window that fire. Default 5.</summary>
    public int Count { get; set; } = 5;

    /// <summary>Default 60.</summary>
    public double WindowSeconds { get; set; } = 60;

    /// <summary><c>occurrences</c> (default) or <c>distinct</c>.</summary>
    public string Counting { get; set; } = "occurrences";

    /// <summary>History after which the count must also be above what is usual. Default 10.</summary>
    public int BaselineMinutes { get; set; } = 10;
}

/// <summary>Publish and subscribe over WebSockets.</summary>
internal sealed class WebSocketSection
{
    public const int DefaultMaxConnections = 1000;

    /// <summary>Open at once; more are refused with 503. Default 1000. Each takes some kilobytes, more while events wait for it.</summary>
    public int MaxConnections { get; set; } = DefaultMaxConnections;
}

/// <summary>What shippers that speak to Elasticsearch are told.</summary>
internal sealed class ElasticsearchSection
{
    /// <summary>The version that clients see. Default 9.9.0. Beats refuse a server older than themselves; some clients refuse another major version than their own.</summary>
    public string Version { get; set; } = "9.9.0";
}
