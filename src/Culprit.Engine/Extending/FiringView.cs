using Culprit.Engine.Records;
using Culprit.Engine.Rules;

namespace Culprit.Engine.Extending;

/// <summary>A rule found what it looks for, as plug-ins see it. Immutable.</summary>
public sealed class FiringView
{
    private readonly RuleFiring _firing;

    internal FiringView(RuleFiring firing) => _firing = firing;

    /// <summary>The same in a replay; also the id of the event <c>rule.fired</c>.</summary>
    public string Id => _firing.Id;

    /// <summary>Name of the rule.</summary>
    public string Rule => _firing.Rule.Name;

    /// <summary>Fields and values that were counted together, such as <c>environment=production, service=api</c>.</summary>
    public string Scope => _firing.ScopeKey;

    /// <summary>The values of the scope's fields, by name.</summary>
    public IReadOnlyDictionary<string, string> Fields => _firing.Fields;

    public string Environment => _firing.Environment;

    /// <summary>Services of the evidence, the one with most of it first; never empty.</summary>
    public IReadOnlyList<string> Services => _firing.Services;

    /// <summary>Events in the window; 1 without a threshold.</summary>
    public long Count => _firing.Count;

    /// <summary>Event time of the first event in the window.</summary>
    public DateTimeOffset StartedAt => UnixNanos.ToTime(_firing.WindowStartNanos);

    /// <summary>Event time of the last.</summary>
    public DateTimeOffset EndedAt => UnixNanos.ToTime(_firing.WindowEndNanos);

    /// <summary>Id of the event that completed it.</summary>
    public string CausationId => _firing.CausationId;

    public string CorrelationId => _firing.CorrelationId;

    /// <summary>True when <c>culprit replay --live --alert</c> made it once more from stored records: it tells nothing new.</summary>
    public bool IsReplayed => _firing.IsReplayed;

    public string? TraceId => _firing.TraceId;

    /// <summary>The message of the rule's <c>raise</c>, filled in; null without one.</summary>
    public string? Message => _firing.Message;

    /// <summary>Events in the window, oldest first; at most 20.</summary>
    public IReadOnlyList<RecordView> Evidence => [.. _firing.Evidence.Select(e => new RecordView(e))];
}
