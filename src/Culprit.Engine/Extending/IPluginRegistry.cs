using Culprit.Engine.Rules;

namespace Culprit.Engine.Extending;

/// <summary>Takes what a plug-in brings. Names must be unique among all plug-ins.</summary>
public interface IPluginRegistry
{
    /// <summary>Declares a type of event, as under <c>eventTypes</c> in <c>culprit.yaml</c>.</summary>
    void AddEventType(EventTypeOptions type);

    /// <summary>Adds a rule, as under <c>rules</c> in <c>culprit.yaml</c>; it is checked the same way.</summary>
    void AddRule(RuleOptions rule);

    /// <summary>Adds a handler that rules name under <c>call</c>.</summary>
    void AddTriggerHandler(ITriggerHandler handler);

    /// <summary>Adds a detector.</summary>
    /// <param name="name">Part of the ids of its anomalies.</param>
    /// <param name="create">Makes one for an environment; each environment has its own.</param>
    void AddDetector(string name, Func<string, IDetector> create);

    /// <summary>Adds a receiver of alerts.</summary>
    void AddAlertHandler(IAlertHandler handler);

    /// <summary>Adds something that a model may look up.</summary>
    void AddLookup(ILookup lookup);
}
