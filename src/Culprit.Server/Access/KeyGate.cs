using System.Text;
using Culprit.Engine.Admission;
using Culprit.Engine.Alerting;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;

namespace Culprit.Server.Access;

/// <summary>Holds the records of one body to what the caller's key may write.</summary>
internal sealed class KeyGate : IRecordJudge
{
    private readonly ApiKey _key;
    private readonly byte[][] _environments;
    private readonly AdmissionGate? _sampling;
    private readonly List<(int Record, string Detail)> _refused = [];
    private int _at;

    private KeyGate(ApiKey key)
    {
        _key = key;
        _environments = [.. key.Environments.Select(Encoding.UTF8.GetBytes)];
        _sampling = key.Sample < 1 ? new AdmissionGate([new AdmissionRule(null, 0, key.Sample)]) : null;
    }

    /// <summary>The environment of records that name none: that of a key which has only one.</summary>
    public static ReadOnlyMemory<byte> EnvironmentOf(Caller? caller) =>
        caller?.Key is { Environments: [var only] } ? Encoding.UTF8.GetBytes(only) : default;

    /// <summary>Takes out what the key may not write, which is refused by index, and what it leaves out.</summary>
    /// <returns>Records that were left out.</returns>
    public static int Sift(Caller? caller, RecordBatchWriter writer, BatchParse parse)
    {
        if (caller?.Key is not { } key || writer.Count == 0
            || (key is { Environments.Count: 0, Services.Count: 0, MinimumLevel: null, Sample: >= 1 }))
        {
            return 0;
        }

        var gate = new KeyGate(key);
        var left = writer.Sift(gate);
        parse.Forbid(gate._refused, RejectionCodes.NotPermitted);
        return left - gate._refused.Count;
    }

    public bool Admits(in LogRecord record, out RecordMark mark)
    {
        mark = record.Mark;
        var at = _at++;
        if (_environments.Length > 0 && !IsPermitted(record.Environment))
        {
            _refused.Add((at, $"key {_key.Id} may not write to environment {JsonText.Echo(record.Environment)}"));
            return false;
        }

        if (_key.Services.Count > 0 && !IsPermittedService(Encoding.UTF8.GetString(record.Service)))
        {
            _refused.Add((at, $"key {_key.Id} may not write for service {JsonText.Echo(record.Service)}"));
            return false;
        }

        return (record.Kind != EventKind.Log || _key.MinimumLevel is not { } least || record.Severity >= least)
            && (_sampling is null || _sampling.Admits(record, out mark));
    }

    private bool IsPermitted(ReadOnlySpan<byte> environment)
    {
        foreach (var permitted in _environments)
        {
            if (environment.SequenceEqual(permitted))
            {
                return true;
            }
        }

        return false;
    }

    private bool IsPermittedService(string service) => _key.Services.Any(pattern => NamePattern.Matches(pattern, service));
}
