using System.Globalization;
using Culprit.Engine.Correlation;
using Culprit.Server.Configuration;

namespace Culprit.Server.Health;

/// <summary>Reads the signs of the server's own health from what its components report.</summary>
/// <remarks>No clock and no I/O: time is handed in. Not thread-safe.</remarks>
internal sealed class SelfExam(SelfAlertSection options, double maxDiskUsedPercent)
{
    internal static readonly TimeSpan LetterWindow = TimeSpan.FromMinutes(15);

    private const double CriticalJournalPercent = 95;

    // Housekeeping tries again every minute.
    private static readonly TimeSpan HousekeepingHold = TimeSpan.FromMinutes(10);

    private readonly Queue<(TimeSpan At, double Total)> _letters = new();

    /// <param name="reports">By name of the component; those that are missing have no signs.</param>
    /// <param name="uptime">Never goes back.</param>
    public IReadOnlyList<Sign> Examine(IReadOnlyDictionary<string, HealthReport> reports, TimeSpan uptime)
    {
        var signs = new List<Sign>();
        if (reports.TryGetValue("engine", out var engine))
        {
            signs.Add(Lag(Number(engine, "lag_seconds")));
        }

        signs.Add(Stores(engine, reports.GetValueOrDefault("database")));
        if (reports.TryGetValue("storage", out var storage))
        {
            signs.Add(Journal(storage));
            signs.Add(Behind(storage));
            signs.Add(Fill(100 * Number(storage, "journal_fill")));
        }

        if (reports.TryGetValue("disk", out var disk))
        {
            signs.Add(Disk(Number(disk, "used_percent"), disk.Numbers.GetValueOrDefault("reserve") is "released"));
        }

        signs.Add(Letters(reports, uptime));
        signs.AddRange(reports.Where(r => r.Key is "retention" or "compaction").Select(r => Housekeeping(r.Key, r.Value)));
        return signs;
    }

    private Sign Lag(double seconds) => Sign(
        "engine_lag",
        seconds >= options.LagSeconds ? SignLevel.Bad : seconds >= options.LagSeconds / 2 ? SignLevel.Doubtful : SignLevel.Well,
        seconds >= 10 * options.LagSeconds ? IncidentSeverity.Critical : IncidentSeverity.High,
        $"detection is {seconds:0} s behind",
        $"less than {options.LagSeconds:0} s",
        "Nothing is lost: the journal holds what waits. See whether the machine or the database is slow, or sample debug and info logs.");

    private Sign Stores(HealthReport? engine, HealthReport? database)
    {
        var isAway = database is { State: not HealthState.Ok } || engine?.Numbers.GetValueOrDefault("can_store") is false;
        return Sign(
            "store_unreachable",
            isAway ? SignLevel.Bad : SignLevel.Well,
            IncidentSeverity.Critical,
            isAway ? "what detection finds cannot be stored" : "the stores answer",
            "stores that answer",
            "Bring the database, or the disk of the data folder, back before the journal is full; /health/detailed has the reason.");
    }

    private Sign Journal(HealthReport storage)
    {
        var state = storage.Numbers.GetValueOrDefault("journal_state") as string ?? "writable";
        var takes = state is "writable" or "closed";
        return Sign(
            "journal_refuses",
            takes ? SignLevel.Well : SignLevel.Bad,
            IncidentSeverity.Critical,
            takes ? "the journal takes events" : $"the journal takes no events ({state}): senders are refused",
            "a journal that can be written",
            "Make room on the disk of the data folder (no restart is needed then), or replace a disk that fails and restart.");
    }

    private Sign Behind(HealthReport storage) => Sign(
        "store_behind",
        storage.State == HealthState.Down && storage.Numbers.GetValueOrDefault("journal_state") is "writable" ? SignLevel.Bad : SignLevel.Well,
        IncidentSeverity.High,
        $"{Number(storage, "pending_bytes"):0} bytes of records wait for the store: senders are refused",
        "a store that keeps up",
        "See whether the disk or the database is slow; sample debug and info logs, or give the server more memory.");

    private Sign Fill(double percent) => Sign(
        "journal_filling",
        percent >= options.JournalPercent ? SignLevel.Bad : percent >= options.JournalPercent / 2 ? SignLevel.Doubtful : SignLevel.Well,
        percent >= CriticalJournalPercent ? IncidentSeverity.Critical : IncidentSeverity.High,
        $"the journal uses {percent:0} % of its quota; events are refused from {CriticalJournalPercent:0} %",
        $"less than {options.JournalPercent:0} %",
        "See why detection or the store is behind, or raise disk: journalBytes.");

    private Sign Disk(double percent, bool isReserveGone)
    {
        var bad = maxDiskUsedPercent - options.DiskMarginPercent;
        return Sign(
            "disk_filling",
            isReserveGone || percent >= bad ? SignLevel.Bad : percent >= bad - 2 ? SignLevel.Doubtful : SignLevel.Well,
            isReserveGone || percent >= maxDiskUsedPercent ? IncidentSeverity.Critical : IncidentSeverity.High,
            $"{percent:0.0} % of the data folder's disk is in use{(isReserveGone ? ", and the reserve is given away" : "")}; events are refused from {maxDiskUsedPercent:0} %",
            $"less than {bad:0} %",
            "Free room or enlarge the disk; lower retention: keep or maxBytes.");
    }

    private Sign Letters(IReadOnlyDictionary<string, HealthReport> reports, TimeSpan uptime)
    {
        var total = Of("engine", "failed_entries") + Of("alerts", "dead_letters") + Of("triggers", "refused");
        _letters.Enqueue((uptime, total));
        while (_letters.Count > 1 && uptime - _letters.Peek().At > LetterWindow)
        {
            _letters.Dequeue();
        }

        var grown = total - _letters.Peek().Total;
        return Sign(
            "dead_letters",
            grown >= options.DeadLetters ? SignLevel.Bad : grown > 0 ? SignLevel.Doubtful : SignLevel.Well,
            IncidentSeverity.High,
            $"{grown:0} new dead letters within {LetterWindow.TotalMinutes:0} min",
            $"fewer than {options.DeadLetters}",
            "Read them with culprit dlq list; mend what they name, then culprit dlq retry-all.") with
        { Hold = TimeSpan.Zero };

        double Of(string component, string number) => reports.TryGetValue(component, out var report) ? Number(report, number) : 0;
    }

    private Sign Housekeeping(string component, HealthReport report) => Sign(
        component + "_failing",
        report.State == HealthState.Ok ? SignLevel.Well : SignLevel.Bad,
        IncidentSeverity.Medium,
        $"{component} has failed for {HousekeepingHold.TotalMinutes:0} min or more",
        $"{component} once a minute",
        "See the server's log and /health/detailed for the reason.") with
    { Hold = HousekeepingHold };

    private Sign Sign(string type, SignLevel level, IncidentSeverity severity, FormattableString observed, FormattableString expected, string advice) =>
        Sign(type, level, severity, observed.ToString(CultureInfo.InvariantCulture), expected.ToString(CultureInfo.InvariantCulture), advice);

    private Sign Sign(string type, SignLevel level, IncidentSeverity severity, string observed, string expected, string advice) =>
        new(type, type, level, severity, TimeSpan.FromSeconds(options.AfterSeconds), observed, expected, advice);

    private static double Number(HealthReport report, string name) =>
        report.Numbers.TryGetValue(name, out var value) ? Convert.ToDouble(value, CultureInfo.InvariantCulture) : 0;
}
