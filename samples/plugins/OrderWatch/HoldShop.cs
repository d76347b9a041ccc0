using Culprit.Engine.Extending;
using Culprit.Engine.Rules;

namespace OrderWatch;

/// <summary>Puts a shop on hold when it refuses many orders: here, by an event that says so.</summary>
public sealed class HoldShop : ITriggerHandler
{
    public string Name => "hold-shop";

    public Task<TriggerResult> HandleAsync(ITriggerCall call, CancellationToken cancellationToken)
    {
        call.Publish("shop.held", json =>
        {
            json.WriteString("service", call.Firing.Services[0]);
            json.WriteString("environment", call.Firing.Environment);
            json.WriteNumber("refused", call.Firing.Count);
        });
        return Task.FromResult(TriggerResult.Ack);
    }
}
