using System.IO.Hashing;
using Culprit.Engine.Filtering;
using Culprit.Engine.Records;

namespace Culprit.Engine.Admission;

/// <summary>Gives each record the retention class and the sampling of the first rule that matches it.</summary>
/// <remarks>
/// The verdict depends on the record alone, so it is the same on every node and for a record that is sent again. A trace has
/// one place between 0 and 1 in every rule: it is kept or left out as a whole, and who samples less keeps what others keep.
/// Metric points and changes are never left out: a value is no count, and a change is one of few. A record that stands for others already, because
/// its sender's key samples, keeps its weight and is not sampled again. Not thread-safe.
/// </remarks>
internal sealed class AdmissionGate(IReadOnlyList<AdmissionRule> rules) : IRecordJudge
{
    // Any number, but never another one: it decides which records are kept.
    private const long Seed = 0x43554C5052495431;

    private readonly AdmissionRule[] _rules = [.. rules];
    private readonly FilterContext _context = new(0, rules.Select(r => r.Where).OfType<Filter>());

    public bool Admits(in LogRecord record, out RecordMark mark)
    {
        foreach (var rule in _rules)
        {
            if (rule.Where is null || rule.Where.Matches(record, _context))
            {
                return Apply(rule, record, out mark);
            }
        }

        mark = record.Mark;
        return true;
    }

    private static bool Apply(AdmissionRule rule, in LogRecord record, out RecordMark mark)
    {
        mark = new RecordMark(rule.RetentionClass, record.Mark.WeightCode);
        if (mark.WeightCode != SampleWeights.None || rule.Sample >= 1 || record.Severity > rule.SampleUpTo || record.Kind is EventKind.Metric or EventKind.Change)
        {
            return true;
        }

        var place = PlaceOf(record);
        if (place >= rule.Sample)
        {
            return false;
        }

        // Among the kept records the place is evenly distributed from 0 to the rate: it serves as a second throw of the dice.
        mark = mark with { WeightCode = SampleWeights.Choose(rule.Weight, place / rule.Sample) };
        return true;
    }

    /// <summary>A number from 0 to 1, the same for all records of a trace.</summary>
    private static double PlaceOf(in LogRecord record)
    {
        var hash = record.TraceId.IsEmpty
            ? XxHash3.HashToUInt64(record.Body, unchecked((long)XxHash3.HashToUInt64(record.Service, Seed ^ record.TimestampNanos)))
            : XxHash3.HashToUInt64(record.TraceId, Seed);
        return (hash >> 11) * (1.0 / (1UL << 53));
    }
}
