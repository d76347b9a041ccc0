using System.Diagnostics;
using Culprit.Engine.Records;

namespace Culprit.Server.Storage.Embedded;

/// <summary>The words that stand for kinds and levels in segments.</summary>
internal static class SegmentKinds
{
    public static string ToWord(EventKind kind) => kind switch
    {
        EventKind.Log => "log",
        EventKind.Metric => "metric",
        EventKind.Span => "span",
        EventKind.Change => "change",
        EventKind.Custom => "custom",
        _ => throw new UnreachableException($"Unknown kind {(byte)kind}."),
    };

    /// <summary>The kind, and the type on the wire that goes with it; null for custom events, which have their own.</summary>
    public static (EventKind Kind, string? Type) FromWord(string word) => word switch
    {
        "log" => (EventKind.Log, "log.entry"),
        "metric" => (EventKind.Metric, "metric.value"),
        "span" => (EventKind.Span, "span"),
        "change" => (EventKind.Change, "change"),
        "custom" => (EventKind.Custom, null),
        _ => throw new UnreachableException($"Unknown kind {word}."),
    };

    public static Severity ToSeverity(string word) => word switch
    {
        "debug" => Severity.Debug,
        "info" => Severity.Info,
        "warn" => Severity.Warn,
        "error" => Severity.Error,
        "fatal" => Severity.Fatal,
        _ => throw new UnreachableException($"Unknown level {word}."),
    };
}
