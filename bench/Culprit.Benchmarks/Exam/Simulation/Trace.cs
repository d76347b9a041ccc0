namespace Culprit.Benchmarks.Exam.Simulation;

/// <summary>One request on its way through the system.</summary>
internal sealed class Trace(string id, string requestId)
{
    public string Id { get; } = id;

    public string RequestId { get; } = requestId;

    /// <summary>0 to 99, from the id alone: which sampling rates keep it.</summary>
    public byte Sample { get; } = (byte)(Convert.ToUInt32(id[..8], 16) % 100);
}
