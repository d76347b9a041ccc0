using Culprit.Server.Health;

namespace Culprit.Server.Rules;

/// <summary>How many firings wait for their handlers.</summary>
internal sealed class TriggerHealth(TriggerDispatcher dispatcher) : IHealthSource
{
    public string Name => "triggers";

    public HealthReport Check()
    {
        var (waiting, running, refused) = dispatcher.Counts;
        return new HealthReport(
            refused > 0 ? HealthState.Degraded : HealthState.Ok,
            refused > 0 ? "firings were refused because too many waited; see the dead letters" : null,
            new Dictionary<string, object>
            {
                ["handlers"] = dispatcher.HandlerNames.Count,
                ["waiting"] = waiting,
                ["running"] = running,
                ["refused"] = refused,
            });
    }
}
