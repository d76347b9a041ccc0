using Culprit.Engine.Extending;
using Culprit.Engine.Rules;

namespace OrderWatch;

/// <summary>Watches a shop: one of each thing that a plug-in can bring.</summary>
public sealed class OrderWatchPlugin : ICulpritPlugin
{
    public void Configure(IPluginRegistry registry)
    {
        registry.AddEventType(new EventTypeOptions
        {
            Type = "order.refused",
            Fields =
            [
                new EventFieldOptions { Name = "amount", Kind = "number", Required = true },
                new EventFieldOptions { Name = "reason" },
            ],
        });
        registry.AddRule(new RuleOptions
        {
            Name = "many-orders-refused",
            On = ["order.refused"],
            Where = "context.amount > 100",
            Threshold = new RuleThresholdOptions { Count = 3, Window = "60s", Scope = ["environment", "service"] },
            Raise = new RaiseOptions { Severity = "high", Message = "{service} refused {count} orders within {window}" },
            Call = "hold-shop",
        });
        registry.AddTriggerHandler(new HoldShop());
        registry.AddDetector("warning-flood", _ => new WarningFlood());
        registry.AddLookup(new ShopOwner());
        registry.AddAlertHandler(new AlertFile(Environment.GetEnvironmentVariable("ORDERWATCH_ALERTS") ?? "orderwatch-alerts.ndjson"));
    }
}
