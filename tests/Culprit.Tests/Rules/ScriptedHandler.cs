using System.Collections.Concurrent;
using Culprit.Engine.Extending;
using Culprit.Engine.Rules;

namespace Culprit.Tests.Rules;

/// <summary>A handler that does what the test says, and tells of each call.</summary>
internal sealed class ScriptedHandler(Func<ITriggerCall, CancellationToken, Task<TriggerResult>> script) : ITriggerHandler
{
    public string Name => "handler";

    /// <summary>Id and attempt of each call, in order.</summary>
    public ConcurrentQueue<string> Calls { get; } = [];

    public async Task<TriggerResult> HandleAsync(ITriggerCall call, CancellationToken cancellationToken)
    {
        Calls.Enqueue($"{call.Firing.Id}#{call.Attempt}");
        return await script(call, cancellationToken);
    }
}
