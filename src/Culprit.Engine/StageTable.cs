using System.IO.Hashing;
using System.Text;
using Culprit.Engine.Alerting;
using Culprit.Engine.Detection;
using Culprit.Engine.Filtering;
using Culprit.Engine.Flows;
using Culprit.Engine.Records;
using Culprit.Engine.RootCause;
using Culprit.Engine.Storage;
using Culprit.Engine.Traces;

namespace Culprit.Engine;

/// <summary>Finds the stages of a record by its environment and service, and makes them when they are new.</summary>
internal sealed class StageTable(PipelineOptions options, ulong journalId, RootCauseRanker ranker)
{
    private const string OtherService = "__other__";
    private const int MaxRoutes = 200_000;

    private readonly DedupeBudget _dedupeBudget = new();
    private readonly Dictionary<ulong, Stages?> _routes = [];
    private readonly SortedDictionary<string, EnvironmentEntry> _environments = new(StringComparer.Ordinal);
    private readonly List<DrawnDigest> _drawn = [];

    /// <summary>In the order of their names, so that output does not depend on who spoke first.</summary>
    public IEnumerable<EnvironmentEntry> Environments => _environments.Values;

    /// <summary>The digests drawn since it was last cleared.</summary>
    public List<DrawnDigest> Drawn => _drawn;

    /// <summary>The aliases of patterns found since it was last cleared.</summary>
    public List<NamedAlias> Aliases { get; } = [];

    /// <summary>The stages for a record; null when its environment is beyond the limit.</summary>
    public Stages? Of(in LogRecord record)
    {
        var key = XxHash3.HashToUInt64(record.Service, (long)XxHash3.HashToUInt64(record.Environment));
        if (_routes.TryGetValue(key, out var stages))
        {
            return stages;
        }

        if (_routes.Count >= MaxRoutes)
        {
            _routes.Clear(); // Only a shortcut: the entries below remember.
        }

        var environment = Environment(Encoding.UTF8.GetString(record.Environment));
        stages = environment is null ? null : new Stages(environment, environment.Service(Encoding.UTF8.GetString(record.Service)));
        _routes.Add(key, stages);
        return stages;
    }

    /// <summary>The entry of an environment, made if there is room for it.</summary>
    public EnvironmentEntry? Environment(string name)
    {
        if (!_environments.TryGetValue(name, out var entry) && _environments.Count < options.MaxEnvironments)
        {
            entry = new EnvironmentEntry(name, options, journalId, ranker, _dedupeBudget, _drawn, () => _environments.Count);
            _environments.Add(name, entry);
        }

        return entry;
    }

    /// <summary>Where a record goes.</summary>
    internal sealed record Stages(EnvironmentEntry Entry, ServiceStage Service)
    {
        public EnvironmentStage Environment => Entry.Stage;

        public void DrainDigests(long tickNanos) => Entry.DrainDigests(tickNanos);
    }

    /// <summary>One environment with its services.</summary>
    internal sealed class EnvironmentEntry
    {
        private readonly PipelineOptions _options;
        private readonly ulong _journalId;
        private readonly DedupeBudget _dedupeBudget;
        private readonly List<DrawnDigest> _drawn;
        private readonly string _name;
        private readonly SortedDictionary<string, ServiceStage> _services = new(StringComparer.Ordinal);

        public EnvironmentEntry(
            string name,
            PipelineOptions options,
            ulong journalId,
            RootCauseRanker ranker,
            DedupeBudget dedupeBudget,
            List<DrawnDigest> drawn,
            Func<int> environments)
        {
            _name = name;
            _options = options;
            _journalId = journalId;
            _dedupeBudget = dedupeBudget;
            _drawn = drawn;
            Stage = new EnvironmentStage(name, options, journalId, ranker, new PatternNames(Text, Resolve));
            Flows = options.Flows is { } flows ? new FlowStage(flows, Text, options.SessionForgotten) { Stages = environments } : null;
            Detectors = options.Detectors.Count > 0 ? new DetectorStage(name, options) : null;
        }

        public string Name => _name;

        public EnvironmentStage Stage { get; }

        /// <summary>Null when no plug-in brings one.</summary>
        public DetectorStage? Detectors { get; }

        /// <summary>Null when flows are not followed.</summary>
        public FlowStage? Flows { get; }

        public IEnumerable<ServiceStage> Services => _services.Values;

        public ServiceStage Service(string name)
        {
            if (_services.TryGetValue(name, out var service))
            {
                return service;
            }

            name = _services.Count < _options.MaxServices ? name : OtherService;
            if (!_services.TryGetValue(name, out service))
            {
                service = new ServiceStage(name, _options, _journalId, _dedupeBudget);
                _services.Add(name, service);
            }

            return service;
        }

        /// <summary>Brings the environment up to date with its services.</summary>
        public void DrainDigests(long tickNanos)
        {
            foreach (var service in _services.Values)
            {
                foreach (var digest in service.Drain())
                {
                    Stage.Observe(digest, tickNanos);
                    Detectors?.Observe(digest);
                    _drawn.Add(new DrawnDigest(_name, digest));
                }
            }
        }

        /// <summary>Asks the detectors of plug-ins; digests must have been drained.</summary>
        public void Detect(long tickNanos, List<DerivedEvent> output)
        {
            foreach (var (anomaly, severity) in Detectors?.Tick(tickNanos, Text) ?? [])
            {
                Stage.Raise(anomaly, tickNanos, output, severity);
            }
        }

        /// <param name="aliases">Takes the patterns that got another id.</param>
        public void TickServices(long tickNanos, List<NamedAlias> aliases)
        {
            foreach (var service in _services.Values)
            {
                service.Tick(tickNanos);
                foreach (var alias in service.Aliases)
                {
                    Flows?.Rename(service.Service, alias.Old, alias.Current);
                    aliases.Add(new NamedAlias(
                        alias.Old, alias.Current, TextCut.Fit(service.Miner.Text(alias.Current), NamedAlias.MaxTextLength)));
                }
            }

            if (Flows is null)
            {
                return;
            }

            Flows.Hold(Stage.WrongSince);
            Flows.Tick(tickNanos);
            foreach (var count in Flows.Drain())
            {
                Stage.Observe(count);
            }
        }

        private PatternId Resolve(string service, PatternId pattern) =>
            _services.TryGetValue(service, out var stage) ? stage.Miner.Resolve(pattern) : pattern;

        private string Text(string service, PatternId pattern) =>
            _services.TryGetValue(service, out var stage) ? stage.Miner.Text(pattern) : string.Empty;
    }
}
