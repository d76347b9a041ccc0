namespace Culprit.Server.Configuration;

/// <summary>How much of the disk may be used.</summary>
internal sealed class DiskSection
{
    private const long MiB = 1024 * 1024;

    /// <summary>Events are refused while more of the disk of the data folder is in use, by whomever. Default 90.</summary>
    public double MaxUsedPercent { get; set; } = 90;

    /// <summary>Bytes that are set aside, so that checkpoints and alerts still work on a full disk; at most an eighth of it. Default 128 MiB.</summary>
    public long ReserveBytes { get; set; } = 128 * MiB;

    /// <summary>Bytes that the journal may take while detection and storage are behind; events are refused from 95 % of it. Default 8 GiB.</summary>
    public long JournalBytes { get; set; } = 8192 * MiB;

    public void Check(Action<bool, string, object, string> check)
    {
        check(MaxUsedPercent is >= 10 and <= 100, "disk:maxUsedPercent", MaxUsedPercent, "10 to 100");
        check(ReserveBytes >= 0, "disk:reserveBytes", ReserveBytes, "0 (none) or more");
        check(JournalBytes >= 16 * MiB, "disk:journalBytes", JournalBytes, $"{16 * MiB} or more");
    }
}
