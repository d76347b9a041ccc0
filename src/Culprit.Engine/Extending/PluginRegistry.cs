using Culprit.Engine.Rules;

namespace Culprit.Engine.Extending;

/// <summary>Collects what plug-ins bring.</summary>
internal sealed class PluginRegistry : IPluginRegistry
{
    private readonly Dictionary<string, ITriggerHandler> _handlers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Func<string, IDetector>> _detectors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IAlertHandler> _alertHandlers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ILookup> _lookups = new(StringComparer.Ordinal);

    public List<EventTypeOptions> EventTypes { get; } = [];

    public List<RuleOptions> Rules { get; } = [];

    public IReadOnlyDictionary<string, ITriggerHandler> Handlers => _handlers;

    public IReadOnlyDictionary<string, Func<string, IDetector>> Detectors => _detectors;

    public IReadOnlyDictionary<string, IAlertHandler> AlertHandlers => _alertHandlers;

    public IReadOnlyDictionary<string, ILookup> Lookups => _lookups;

    public void AddEventType(EventTypeOptions type) => EventTypes.Add(type);

    public void AddRule(RuleOptions rule) => Rules.Add(rule);

    public void AddTriggerHandler(ITriggerHandler handler) => Add(_handlers, handler.Name, handler, "trigger handler");

    public void AddDetector(string name, Func<string, IDetector> create) => Add(_detectors, name, create, "detector");

    public void AddAlertHandler(IAlertHandler handler) => Add(_alertHandlers, handler.Name, handler, "alert handler");

    public void AddLookup(ILookup lookup) => Add(_lookups, lookup.Name, lookup, "lookup");

    private static void Add<T>(Dictionary<string, T> all, string name, T added, string what)
    {
        if (!Names.IsRule(name))
        {
            throw new ArgumentException($"The name '{name}' of a {what} is not allowed; use {Names.Rules}.", nameof(name));
        }

        if (!all.TryAdd(name, added))
        {
            throw new ArgumentException($"There are two {what}s of the name '{name}'.", nameof(name));
        }
    }
}
