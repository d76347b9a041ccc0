using System.Collections.Concurrent;
using Culprit.Engine.Admission;
using Culprit.Engine.Records;

namespace Culprit.Server.Ingestion;

/// <summary>Where every way in marks its records with retention class and sampling weight, right before the journal.</summary>
/// <remarks>Thread-safe. Costs nothing without rules.</remarks>
internal sealed class RecordAdmission(IReadOnlyList<AdmissionRule> rules)
{
    private readonly ConcurrentBag<AdmissionGate> _gates = [];

    /// <summary>Lets everything in as it is.</summary>
    public static RecordAdmission Open { get; } = new([]);

    /// <returns>Records that were sampled out: the writer no longer has them, those that it has count for them.</returns>
    public int Sift(RecordBatchWriter writer)
    {
        if (rules.Count == 0 || writer.Count == 0)
        {
            return 0;
        }

        if (!_gates.TryTake(out var gate))
        {
            gate = new AdmissionGate(rules);
        }

        var left = writer.Sift(gate);
        _gates.Add(gate);
        return left;
    }
}
