using Culprit.Engine.Rules;

namespace Culprit.Engine.Extending;

/// <summary>What configuration and plug-ins add to the engine, read and checked. Immutable.</summary>
/// <param name="Plugins">Handlers, detectors and receivers of alerts.</param>
internal sealed record ExtensionSet(IReadOnlyList<Rule> Rules, EventTypeRegistry EventTypes, PluginRegistry Plugins)
{
    /// <summary>Rules and types of the configuration, then those of the plug-ins: mistakes count them in this order.</summary>
    public static ExtensionSet Read(
        IReadOnlyList<RuleOptions> rules, IReadOnlyList<EventTypeOptions> eventTypes, PluginRegistry plugins, Mistakes mistakes) => new(
            RuleReader.Read([.. rules, .. plugins.Rules], [.. plugins.Handlers.Keys], mistakes),
            EventTypeReader.Read([.. eventTypes, .. plugins.EventTypes], mistakes),
            plugins);
}
