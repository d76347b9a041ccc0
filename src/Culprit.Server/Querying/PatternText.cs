using System.Text;
using Culprit.Engine.Patterns;
using Culprit.Engine.Storage;

namespace Culprit.Server.Querying;

/// <summary>Shows a pattern by its records, variable parts as <c>&lt;*&gt;</c>.</summary>
/// <remarks>
/// For patterns that took no other in: their records differ only in what a scan of the line finds to be variable. Several
/// records tell whether a place that may vary does.
/// </remarks>
internal static class PatternText
{
    private static readonly PatternOptions Small = new() { MaxPatterns = 64, MaxHoles = 64, MaxValueWords = 64, MaxAliases = 64 };

    /// <summary>Null without records.</summary>
    public static string? Of(IReadOnlyList<StoredRecord> records)
    {
        if (records.Count == 0)
        {
            return null;
        }

        var template = DeclaredTemplate.Find(Encoding.UTF8.GetBytes(records[0].Attributes));
        if (!template.IsEmpty)
        {
            return Encoding.UTF8.GetString(DeclaredTemplate.Text(template));
        }

        if (!DeclaredTemplate.FindEventId(Encoding.UTF8.GetBytes(records[0].Attributes)).IsEmpty)
        {
            return OfOneEvent(records);
        }

        var miner = new PatternMiner(Small);
        var first = miner.Assign(Encoding.UTF8.GetBytes(records[0].Body));
        foreach (var record in records.Skip(1))
        {
            miner.Assign(Encoding.UTF8.GetBytes(record.Body));
        }

        return miner.Text(first);
    }

    // The logger says that the records are of one template: a word in which two of one form differ is variable.
    private static string OfOneEvent(IReadOnlyList<StoredRecord> records)
    {
        var scanner = new LineScanner();
        var first = Read(records[0]);
        var different = 0UL;
        foreach (var other in records.Skip(1).Select(Read))
        {
            if (!first.Pieces.Select(p => p.SeparatorHash).SequenceEqual(other.Pieces.Select(p => p.SeparatorHash)))
            {
                continue;
            }

            first.MergeSlots(other);
            for (var i = 0; i < Math.Min(first.Pieces.Length, Generalisation.MaxPlaces); i++)
            {
                different |= first.Pieces[i].Hash != other.Pieces[i].Hash ? 1UL << i : 0;
            }
        }

        return new Generalisation(different).Apply(first).Render();

        Skeleton Read(StoredRecord record)
        {
            var body = Encoding.UTF8.GetBytes(record.Body);
            return Skeleton.From(scanner.Scan(body), body, scanner);
        }
    }
}
