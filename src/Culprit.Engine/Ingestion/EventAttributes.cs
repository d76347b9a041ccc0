using System.Text.Json;
using Culprit.Engine.Records;

namespace Culprit.Engine.Ingestion;

/// <summary>Lays everything of an event that is no field of the record into its one attributes object.</summary>
internal static class EventAttributes
{
    private const ulong EnvelopeKeys =
        (1UL << (int)EventKey.Type) | (1UL << (int)EventKey.Id) | (1UL << (int)EventKey.Timestamp)
        | (1UL << (int)EventKey.Service) | (1UL << (int)EventKey.Environment) | (1UL << (int)EventKey.TraceId)
        | (1UL << (int)EventKey.SpanId) | (1UL << (int)EventKey.Source) | (1UL << (int)EventKey.Meta);

    private static readonly ulong LevelTextHash = KeySet.Hash("level_text"u8);

    /// <summary>Sets the attributes; true when they were over the limits and something was cut.</summary>
    /// <param name="keepsMeta"><c>meta</c> says more than the record's fields can hold, so it is kept.</param>
    /// <param name="unknownLevel">A level that says nothing we know, kept as <c>level_text</c>; default when there is none.</param>
    public static bool Write(
        ReadOnlySpan<byte> text, EventScan scan, RecordBatchWriter writer, EventKind kind, bool keepsMeta, in EventMember unknownLevel)
    {
        if (kind == EventKind.Custom)
        {
            WriteWhole(text, writer);
        }
        else
        {
            var hasLevelText = scan.ContextHas(LevelTextHash) || scan.RootHas(LevelTextHash);
            var level = unknownLevel.Type == JsonTokenType.None || hasLevelText
                ? default
                : text[unknownLevel.RawStart..unknownLevel.RawEnd];
            Merge(text, scan, writer, CoreKeys(scan, kind, keepsMeta), level);
        }

        if (!scan.IsOverLimits || writer.Get(LogRecord.AttributesField).IsEmpty)
        {
            return false;
        }

        var trimmed = AttributesTrimmer.Trim(writer.Get(LogRecord.AttributesField), out var isCut);
        if (isCut)
        {
            writer.Set(LogRecord.AttributesField, trimmed);
        }

        return isCut;
    }

    private static ulong CoreKeys(EventScan scan, EventKind kind, bool keepsMeta)
    {
        var core = EnvelopeKeys & ~(keepsMeta ? 1UL << (int)EventKey.Meta : 0);
        return kind switch
        {
            EventKind.Log => core | (1UL << (int)EventKey.Level) | (1UL << (int)EventKey.Message)
                | (scan[EventKey.Context].Type is JsonTokenType.StartObject or JsonTokenType.None ? 1UL << (int)EventKey.Context : 0),
            EventKind.Metric => core | (1UL << (int)EventKey.MetricName),
            EventKind.Span => core | (1UL << (int)EventKey.Operation),
            EventKind.Change => core | (1UL << (int)EventKey.Message),
            _ => throw new System.Diagnostics.UnreachableException($"Kind {(byte)kind} keeps its object whole."),
        };
    }

    private static void WriteWhole(ReadOnlySpan<byte> text, RecordBatchWriter writer)
    {
        var target = writer.Reserve(LogRecord.AttributesField, text.Length);
        text.CopyTo(target);
        JoinLines(target);
    }

    private static void Merge(ReadOnlySpan<byte> text, EventScan scan, RecordBatchWriter writer, ulong core, ReadOnlySpan<byte> level)
    {
        var context = (core & (1UL << (int)EventKey.Context)) != 0 ? scan[EventKey.Context] : default;
        var size = context.ValueLength;
        var hasExtras = !level.IsEmpty;
        foreach (ref readonly var member in scan.Members)
        {
            if ((core & (1UL << (int)member.Key)) == 0)
            {
                size += member.RawEnd - member.NameStart + 8;
                hasExtras = true;
            }
        }

        if (size == 0 && !hasExtras)
        {
            return;
        }

        var target = writer.Reserve(LogRecord.AttributesField, size + level.Length + 32);
        var length = 0;
        if (context.ValueLength > 0)
        {
            text.Slice(context.ValueStart, context.ValueLength).CopyTo(target);
            length = context.ValueLength;
        }

        if (hasExtras)
        {
            length = AppendExtras(text, scan, target, length, core, level);
        }

        target = target[..length];
        var isEmpty = target[1..^1].IndexOfAnyExcept(" \t\r\n"u8) < 0;
        JoinLines(target);
        writer.Trim(LogRecord.AttributesField, isEmpty ? 0 : length);
    }

    private static int AppendExtras(
        ReadOnlySpan<byte> text, EventScan scan, Span<byte> target, int length, ulong core, ReadOnlySpan<byte> level)
    {
        var isEmpty = true;
        if (length > 0)
        {
            length--;
            isEmpty = target[1..length].IndexOfAnyExcept(" \t\r\n"u8) < 0;
        }
        else
        {
            target[length++] = (byte)'{';
        }

        foreach (ref readonly var member in scan.Members)
        {
            if ((core & (1UL << (int)member.Key)) != 0)
            {
                continue;
            }

            if (!isEmpty)
            {
                target[length++] = (byte)',';
            }

            isEmpty = false;
            target[length++] = (byte)'"';

            // A field outside the context must not hide one inside it: it is kept under a name of its own.
            if (scan.ContextHas(member.NameHash))
            {
                "event."u8.CopyTo(target[length..]);
                length += 6;
            }

            var raw = text[member.NameStart..member.RawEnd];
            raw.CopyTo(target[length..]);
            length += raw.Length;
        }

        if (!level.IsEmpty)
        {
            if (!isEmpty)
            {
                target[length++] = (byte)',';
            }

            "\"level_text\":"u8.CopyTo(target[length..]);
            length += 13;
            level.CopyTo(target[length..]);
            length += level.Length;
        }

        target[length++] = (byte)'}';
        return length;
    }

    /// <summary>Blanks the line breaks of valid JSON: they can only stand between tokens; without them a record is one line in every output.</summary>
    internal static void JoinLines(Span<byte> json)
    {
        for (var at = json.IndexOfAny((byte)'\n', (byte)'\r'); at >= 0; at = json.IndexOfAny((byte)'\n', (byte)'\r'))
        {
            json[at] = (byte)' ';
            json = json[(at + 1)..];
        }
    }
}
