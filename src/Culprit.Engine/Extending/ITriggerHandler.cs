using Culprit.Engine.Rules;

namespace Culprit.Engine.Extending;

/// <summary>Does something when a rule fires that names it under <c>call</c>.</summary>
/// <remarks>
/// Firings of one scope come one after another, those of different scopes at the same time. May be called again for the same
/// firing after a failure or a restart, with the same ids: what it does should bear that. An exception counts as a failed call.
/// </remarks>
public interface ITriggerHandler
{
    /// <summary>The name under which rules call it.</summary>
    string Name { get; }

    /// <returns><see cref="TriggerResult.Ack"/> when the firing is done, <see cref="TriggerResult.Nack"/> to be called again later.</returns>
    Task<TriggerResult> HandleAsync(ITriggerCall call, CancellationToken cancellationToken);
}
