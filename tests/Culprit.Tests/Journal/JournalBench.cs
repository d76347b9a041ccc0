using System.Globalization;
using System.Text;
using Culprit.Engine.Records;
using Culprit.Server.Journal;
using Microsoft.Extensions.Time.Testing;

namespace Culprit.Tests.Journal;

/// <summary>Opens journals on a fake disk, makes batches, and reads everything back.</summary>
internal static class JournalBench
{
    public const string Folder = "/journal";

    public static JournalOptions Options(long segmentBytes = 64 * 1024, Durability durability = Durability.Sync) => new()
    {
        Folder = Folder,
        SegmentBytes = segmentBytes,
        Durability = durability,
    };

    public static FileJournal Open(
        FakeDisk disk,
        JournalOptions? options = null,
        FakeTimeProvider? clock = null,
        Action<RecordBatch>? committed = null,
        long known = 0) =>
        FileJournal.Open(options ?? Options(), disk, clock ?? new FakeTimeProvider(), committed, known);

    /// <summary>One record a body, service <c>api</c>.</summary>
    public static RecordBatch Batch(params string[] bodies)
    {
        var writer = new RecordBatchWriter();
        foreach (var body in bodies)
        {
            writer.Begin();
            writer.Set(LogRecord.ServiceField, "api"u8);
            writer.Set(LogRecord.EnvironmentField, "default"u8);
            writer.Set(LogRecord.BodyField, Encoding.UTF8.GetBytes(body));
            writer.Commit(1_000, EventKind.Log, Severity.Info, RecordFlags.None);
        }

        return writer.ToBatch(receivedNanos: 2_000);
    }

    public static string Body(int number, int padding = 0) =>
        number.ToString(CultureInfo.InvariantCulture) + new string('.', padding);

    /// <summary>Bodies by sequence; ticks as <c>tick N</c>. Ends at a tick of its own, so a fresh append is proved as well.</summary>
    public static async Task<List<(long Sequence, string Text)>> ReadAllAsync(
        FileJournal journal, CancellationToken cancellationToken, long after = 0)
    {
        const long Last = 987_654_321;
        await journal.AppendTickAsync(Last, cancellationToken);
        var found = new List<(long, string)>();
        await foreach (var entry in journal.ReadAsync(after, cancellationToken))
        {
            if (entry.Batch is null && entry.TickNanos == Last)
            {
                break;
            }

            found.AddRange(Texts(entry));
        }

        return found;
    }

    public static IEnumerable<(long Sequence, string Text)> Texts(JournalEntry entry)
    {
        if (entry.Batch is not { } batch)
        {
            return [(entry.Sequence, $"tick {entry.TickNanos}")];
        }

        var texts = new List<(long, string)>();
        for (var i = 0; i < batch.Count; i++)
        {
            texts.Add((batch[i].Sequence, Encoding.UTF8.GetString(batch[i].Body)));
        }

        return texts;
    }

    public static string PathOf(long first) => Path.Combine(Folder, Segment.NameOf(first));
}
