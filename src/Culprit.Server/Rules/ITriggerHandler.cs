using Culprit.Engine.Rules;

namespace Culprit.Server.Rules;

/// <summary>Does something when a rule fires that names it under <c>call</c>.</summary>
/// <remarks>
/// May be called again for the same firing after a failure or a restart, with the same ids: what it does should bear that.
/// An exception counts as a failed call.
/// </remarks>
internal interface ITriggerHandler
{
    /// <summary>The name under which rules call it.</summary>
    string Name { get; }

    Task<TriggerResult> HandleAsync(TriggerContext context, CancellationToken cancellationToken);
}
