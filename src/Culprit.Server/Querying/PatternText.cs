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

        var miner = new PatternMiner(Small);
        var first = miner.Assign(Encoding.UTF8.GetBytes(records[0].Body));
        foreach (var record in records.Skip(1))
        {
            miner.Assign(Encoding.UTF8.GetBytes(record.Body));
        }

        return miner.Text(first);
    }
}
