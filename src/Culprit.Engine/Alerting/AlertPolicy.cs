using Culprit.Engine.Publishing;
using Culprit.Engine.Storage;

namespace Culprit.Engine.Alerting;

/// <summary>Says of an alert that is due for a sink whether it is sent now, later or not at all. Pure.</summary>
internal static class AlertPolicy
{
    /// <summary>How long the end of an incident that has come back before is held back: as long as the engine may open it again.</summary>
    public static readonly TimeSpan FlapHold = TimeSpan.FromMinutes(15);

    /// <summary>How long an incident that people resolved may go on before it is opened again.</summary>
    public static readonly TimeSpan ResolveHold = TimeSpan.FromMinutes(15);

    /// <summary>How soon to look again whether the incident behind a symptom is still open.</summary>
    public static readonly TimeSpan CauseHold = TimeSpan.FromSeconds(30);

    public static AlertVerdict Judge(AlertQuestion question)
    {
        var told = Told(question);
        return question.Alert.Kind switch
        {
            AlertKind.Resolved => JudgeEnd(question, told),
            AlertKind.Acknowledged => told == Knowledge.No ? AlertVerdict.Drop("this sink was not told of it") : AlertVerdict.Send,
            AlertKind.Firing or AlertKind.Updated => JudgeNews(question, told),
            _ => throw new System.Diagnostics.UnreachableException($"Unknown kind {question.Alert.Kind}."),
        };
    }

    private static AlertVerdict JudgeEnd(AlertQuestion question, Knowledge told)
    {
        if (told == Knowledge.No)
        {
            return AlertVerdict.Drop("this sink was not told of it");
        }

        if (question.Routes.Count > 0 && question.Routes.All(r => !r.SendResolved))
        {
            return AlertVerdict.Drop("its route does not tell of ends");
        }

        // What people ended is ended; only the engine's own ends are doubted.
        var flapped = question.Alert.By is null && question.Deliveries is { } all
            && all.Where(d => d.Type == EventTypes.AlertFiring).Select(d => d.AlertId).Distinct(StringComparer.Ordinal).Count() > 1;
        var until = Self(question)?.AddedAt + FlapHold;
        return flapped && until > question.Now ? AlertVerdict.Hold(until.Value, "it came back before: its end is told when it stays away") : AlertVerdict.Send;
    }

    private static AlertVerdict JudgeNews(AlertQuestion question, Knowledge told)
    {
        if (question.Alert.IsReminder && (question.IsOver || question.Act is not null))
        {
            return AlertVerdict.Drop(question.Act is { } act ? $"{(act.Kind == ActKind.Resolved ? "resolved" : "acknowledged")} by {act.By}" : "it has ended");
        }

        // What fires since then is the next bout: nobody has resolved that.
        if (question.Act is { Kind: ActKind.Resolved } end && (question.Alert.Kind == AlertKind.Updated || !(Self(question)?.AddedAt > end.At)))
        {
            return AlertVerdict.Drop($"resolved by {end.By}");
        }

        if (Silenced(question) is { } quiet)
        {
            return AlertVerdict.Hold(quiet.Until, quiet.Reason);
        }

        if (told == Knowledge.No && question.Routes.All(r => r.Inhibit) && question.Causes is [var cause, ..])
        {
            return AlertVerdict.Hold(question.Now + CauseHold, $"a symptom of incident {cause.Id}, whose suspected cause is {cause.SuspectedCause}");
        }

        return question.Alert is { Kind: AlertKind.Firing, IsReminder: false } && told == Knowledge.Yes ? new AlertVerdict(AlertDecision.SendAsUpdate) : AlertVerdict.Send;
    }

    /// <summary>Of the silences and windows that cover the alert, the one that ends last.</summary>
    private static (DateTimeOffset Until, string Reason)? Silenced(AlertQuestion question)
    {
        var silences = question.Silences.Where(s => s.IsActive(question.Now) && s.Match.Covers(question.Alert))
            .Select(s => ((DateTimeOffset Until, string Reason)?)(s.EndsAt, $"silence {s.Id} of {s.Author}: {s.Comment}"));
        var windows = question.Maintenance.Where(w => w.Match.Covers(question.Alert) && w.EndAt(question.Now) is not null)
            .Select(w => ((DateTimeOffset Until, string Reason)?)(w.EndAt(question.Now)!.Value, $"maintenance: {w.Name}"));
        return silences.Concat(windows).MaxBy(q => q!.Value.Until);
    }

    /// <summary>Whether the sink took an alert of the incident, and none since that said it ended.</summary>
    private static Knowledge Told(AlertQuestion question)
    {
        if (question.Deliveries is not { } all)
        {
            return Knowledge.Unknown;
        }

        var last = all.TakeWhile(d => !IsSelf(question, d)).LastOrDefault(d => d.Sink == question.Sink && d.State == DeliveryState.Delivered);
        return last is not null && last.Type != EventTypes.AlertResolved ? Knowledge.Yes : Knowledge.No;
    }

    private static AlertDelivery? Self(AlertQuestion question) => question.Deliveries?.FirstOrDefault(d => IsSelf(question, d));

    private static bool IsSelf(AlertQuestion question, AlertDelivery delivery) =>
        delivery.AlertId == question.Alert.Id && delivery.Sink == question.Sink;

    private enum Knowledge : byte
    {
        No = 0,
        Yes = 1,

        /// <summary>Rather tell once too often.</summary>
        Unknown = 2,
    }
}
