namespace Culprit.Server.Configuration;

/// <summary>When the server raises an alert about itself (docs/operations.md).</summary>
internal sealed class SelfAlertSection
{
    /// <summary>False: never; <c>/health/detailed</c> and <c>/metrics</c> still tell. Default true.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Seconds for which something must be wrong before an alert fires. Default 60.</summary>
    public double AfterSeconds { get; set; } = 60;

    /// <summary>Seconds for which all must be well again before the alert is resolved. Default 300; raising it makes fewer alerts of what comes and goes.</summary>
    public double WellAfterSeconds { get; set; } = 300;

    /// <summary>Seconds that detection may be behind; at ten times as many the alert is critical. Default 120.</summary>
    public double LagSeconds { get; set; } = 120;

    /// <summary>Share of the journal's quota (<c>disk: journalBytes</c>) that may be in use; from 95 % the alert is critical. Default 70.</summary>
    public double JournalPercent { get; set; } = 70;

    /// <summary>Percent of the disk that must be free beyond <c>disk: maxUsedPercent</c>, where events are refused. Default 5.</summary>
    public double DiskMarginPercent { get; set; } = 5;

    /// <summary>New dead letters within 15 minutes that are too many. Default 10.</summary>
    public int DeadLetters { get; set; } = 10;

    internal void Check(Action<bool, string, object, string> check)
    {
        check(AfterSeconds is >= 0 and <= 86400, "selfAlerts:afterSeconds", AfterSeconds, "0 to 86400");
        check(WellAfterSeconds is >= 0 and <= 86400, "selfAlerts:wellAfterSeconds", WellAfterSeconds, "0 to 86400");
        check(LagSeconds is >= 10 and <= 86400, "selfAlerts:lagSeconds", LagSeconds, "10 to 86400");
        check(JournalPercent is > 0 and <= 95, "selfAlerts:journalPercent", JournalPercent, "more than 0, at most 95");
        check(DiskMarginPercent is >= 0 and <= 50, "selfAlerts:diskMarginPercent", DiskMarginPercent, "0 to 50");
        check(DeadLetters >= 1, "selfAlerts:deadLetters", DeadLetters, "1 or more");
    }
}
