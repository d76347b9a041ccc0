using Culprit.Engine.Filtering;
using Culprit.Engine.Records;

namespace Culprit.Engine.Admission;

/// <summary>What becomes of the records that a filter matches.</summary>
/// <param name="Where">Null for every record.</param>
/// <param name="RetentionClass">0 (the default) to 7.</param>
/// <param name="Sample">Share that is kept, <see cref="SampleWeights.SmallestShare"/> to 1.</param>
/// <param name="SampleUpTo">Records that are worse than this are all kept.</param>
internal sealed record AdmissionRule(Filter? Where, int RetentionClass, double Sample, Severity SampleUpTo = Severity.Info)
{
    /// <summary>Records that one kept record stands for.</summary>
    internal double Weight => 1 / Sample;

    /// <summary>Why a filter cannot be asked before records have an order and an id, or null when it can.</summary>
    public static string? ProblemOf(Filter where)
    {
        if (where is KeyedFilter)
        {
            return "rate(…), dedupe(…) and sample(…) cannot be used here; a share is kept with the key 'sample'";
        }

        return where.Parts.Select(ProblemOf).FirstOrDefault(p => p is not null);
    }
}
