using System.Collections.Concurrent;
using Culprit.Engine.Rules;
using Culprit.Server.Rules;

namespace Culprit.Tests.Rules;

/// <summary>A handler that does what the test says, and tells of each call.</summary>
internal sealed class ScriptedHandler(Func<TriggerContext, CancellationToken, Task<TriggerResult>> script) : ITriggerHandler
{
    public string Name => "handler";

    /// <summary>Id and attempt of each call, in order.</summary>
    public ConcurrentQueue<string> Calls { get; } = [];

    public async Task<TriggerResult> HandleAsync(TriggerContext context, CancellationToken cancellationToken)
    {
        Calls.Enqueue($"{context.Firing.Id}#{context.Attempt}");
        return await script(context, cancellationToken);
    }
}
