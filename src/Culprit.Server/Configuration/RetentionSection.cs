namespace Culprit.Server.Configuration;

/// <summary>How long records and events are kept.</summary>
internal sealed class RetentionSection
{
    /// <summary>Smallest total size that can be asked for: a few full segments.</summary>
    public const long SmallestMaxBytes = 256L * 1024 * 1024;

    /// <summary>Records that no admission rule gives another time are kept this long. Default 30d.</summary>
    /// <remarks>A change holds for records that are stored already, too.</remarks>
    public string Keep { get; set; } = "30d";

    /// <summary>Bytes that all segments together may take; the oldest are dropped first, whatever their class. Default: no limit.</summary>
    public long? MaxBytes { get; set; }

    /// <summary>Events of ended incidents, and summaries, are kept this long. Default 365d.</summary>
    public string Events { get; set; } = "365d";

    public void Check(Action<bool, string, object, string> check)
    {
        check(KeepTime.TryParse(Keep, out _), "retention:keep", Keep, KeepTime.Allowed);
        check(KeepTime.TryParse(Events, out _), "retention:events", Events, KeepTime.Allowed);
        check(MaxBytes is null or >= SmallestMaxBytes, "retention:maxBytes", MaxBytes ?? 0, $"{SmallestMaxBytes} or more bytes, or nothing for no limit");
    }
}
