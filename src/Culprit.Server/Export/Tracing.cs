using System.Diagnostics;
using Culprit.Engine.Alerting;
using Culprit.Engine.Publishing;
using Culprit.Engine.Storage;

namespace Culprit.Server.Export;

/// <summary>Names and attributes of Culprit's own spans, in one place. They carry counts, ids and names of ours: never text of logs, questions, prompts or credentials.</summary>
/// <remarks>Static, as .NET's sources of activities are: starting a span costs next to nothing while nobody listens, and returns null.</remarks>
internal static class Tracing
{
    /// <summary>Of the spans below.</summary>
    public const string Name = "Culprit";

    /// <summary>Of calls of a model, made by Microsoft.Extensions.AI after OpenTelemetry's conventions for such calls.</summary>
    public const string ModelName = "Culprit.Model";

    /// <summary>Steps that come so often that only a share of them is traced.</summary>
    public const string EngineBatch = "engine batch";
    public const string EngineTick = "engine tick";

    private static readonly ActivitySource Source = new(Name);

    /// <summary>From the plain body to the answer.</summary>
    public static Activity? StartIntake() => Source.StartActivity("intake");

    public static void TakenIn(this Activity? span, int kept, int sampled, int duplicates, int rejected) => span?
        .SetTag("culprit.records.kept", kept).SetTag("culprit.records.sampled", sampled)
        .SetTag("culprit.records.duplicate", duplicates).SetTag("culprit.records.rejected", rejected);

    /// <summary>Until the records are durable.</summary>
    public static Activity? StartAppend(int records) => Source.StartActivity("journal append")?.SetTag("culprit.records", records);

    /// <summary>What the engine does with one journal entry, until what it found is stored.</summary>
    /// <param name="records">Null for a tick.</param>
    public static Activity? StartStep(int? records) =>
        Source.StartActivity(records is null ? EngineTick : EngineBatch)?.SetTag("culprit.records", records ?? 0);

    /// <summary>Incidents that a step explained: one span each, from the start of the step until the explanation was stored.</summary>
    public static void Explained(IEnumerable<DerivedEvent> events, DateTimeOffset from, DateTimeOffset to)
    {
        if (!Source.HasListeners())
        {
            return;
        }

        foreach (var cause in events.Where(e => e.Type == EventTypes.RootCause))
        {
            // A root of its own: the step before it may not be among those that are traced.
            var outer = Activity.Current;
            Activity.Current = null;
            using (var span = Source.StartActivity("incident explain", ActivityKind.Internal, default(ActivityContext), startTime: from))
            {
                span?.SetTag("culprit.incident.id", cause.CorrelationId).SetTag("culprit.environment", cause.Environment).SetEndTime(to.UtcDateTime);
            }

            Activity.Current = outer;
        }
    }

    /// <summary>One attempt to deliver an alert.</summary>
    public static Activity? StartDelivery(string sink, OutboxItem alert) => Source.StartActivity("alert deliver", ActivityKind.Client)?
        .SetTag("culprit.sink", sink).SetTag("culprit.alert.id", alert.Id).SetTag("culprit.incident.id", alert.IncidentId).SetTag("culprit.attempt", alert.Attempts + 1);

    public static void Ended(this Activity? span, DeliveryOutcome outcome)
    {
        span?.SetTag("culprit.outcome", outcome.ToString().ToLowerInvariant());
        if (outcome != DeliveryOutcome.Delivered)
        {
            span?.SetStatus(ActivityStatusCode.Error);
        }
    }

    /// <summary>A question to the record store, inside the request or the investigation that asks it.</summary>
    public static Activity? StartQuery(string name, int limit) =>
        Activity.Current is null ? null : Source.StartActivity(name)?.SetTag("culprit.limit", limit);

    /// <summary>A model's look at one incident.</summary>
    public static Activity? StartInvestigation(string incidentId) => Source.StartActivity("analyst investigate")?.SetTag("culprit.incident.id", incidentId);
}
