using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Serialization;
using Culprit.Engine.Rules;

namespace Culprit.Engine;

/// <summary>Freezing the pipeline and bringing it back.</summary>
internal sealed partial class Pipeline
{
    /// <summary>Raised whenever the frozen form changes: an older one is then rebuilt from the journal.</summary>
    public const int SnapshotVersion = 12;

    private const int LengthBytes = sizeof(int);

    private static readonly JsonSerializerOptions SnapshotJson = new() { IncludeFields = false };

    /// <summary>The whole state. Restoring it and going on gives the same events as never having stopped.</summary>
    /// <remarks>
    /// i32 length of the JSON of <see cref="PipelineState"/>, the JSON, then each service's occurrences, in its order. Those are
    /// megabytes under load, so they are written in place instead of as base64 that is copied several times.
    /// </remarks>
    public byte[] ToSnapshot()
    {
        var state = new PipelineState(
            TickNanos,
            [.. _stages.Environments.Select(e => e.Stage.ToState())],
            [.. _stages.Environments.Select(e => e.Services.Select(s => s.ToState()).ToArray())],
            [.. _stages.Environments.Select(e => e.Detectors?.ToState() ?? [])],
            [.. _stages.Environments.Select(e => e.Flows?.ToSnapshot())],
            _rules?.ToState());
        var json = JsonSerializer.SerializeToUtf8Bytes(state, SnapshotJson);
        var bytes = GC.AllocateUninitializedArray<byte>(checked((int)(LengthBytes + json.Length + state.OccurrenceBytes)));
        BinaryPrimitives.WriteInt32LittleEndian(bytes, json.Length);
        json.CopyTo(bytes, LengthBytes);
        var rest = bytes.AsSpan(LengthBytes + json.Length);
        foreach (var service in _stages.Environments.SelectMany(e => e.Services))
        {
            rest = service.SaveOccurrences(rest);
        }

        return bytes;
    }

    /// <summary>Fills a new pipeline from a snapshot; false (and then unusable) when the bytes cannot be read.</summary>
    public bool TryRestore(int version, ReadOnlySpan<byte> bytes)
    {
        if (version != SnapshotVersion || bytes.Length < LengthBytes)
        {
            return false;
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        var rest = bytes[LengthBytes..];
        if (length < 0 || length > rest.Length)
        {
            return false;
        }

        try
        {
            return JsonSerializer.Deserialize<PipelineState>(rest[..length], SnapshotJson) is { } state
                && state.OccurrenceBytes == rest.Length - length
                && Restore(state, rest[length..]);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private bool Restore(PipelineState state, ReadOnlySpan<byte> occurrences)
    {
        TickNanos = state.TickNanos;
        for (var i = 0; i < state.Environments.Count; i++)
        {
            var environment = state.Environments[i];
            if (_stages.Environment(environment.Environment) is not { } entry || !entry.Stage.Restore(environment, _options))
            {
                return false;
            }

            foreach (var service in state.Services[i])
            {
                var size = (int)service.Dedupe.Bytes;
                if (!entry.Service(service.Service).Restore(service, occurrences[..size]))
                {
                    return false;
                }

                occurrences = occurrences[size..];
            }

            entry.Detectors?.Restore(state.Detectors[i]);
            if (entry.Flows is { } flows && state.Flows[i] is { } frozen && !flows.TryRestore(frozen))
            {
                return false;
            }
        }

        if (state.Rules is { } rules)
        {
            _rules?.Restore(rules);
        }

        return true;
    }
}

/// <summary>A <see cref="Pipeline"/> at rest: its environments, and index by index their services, detectors and flows.</summary>
internal sealed record PipelineState(
    long TickNanos,
    IReadOnlyList<EnvironmentState> Environments,
    IReadOnlyList<ServiceState[]> Services,
    IReadOnlyList<DetectorState[]> Detectors,
    IReadOnlyList<byte[]?> Flows,
    RuleEngineState? Rules)
{
    /// <summary>Size of what the services' states leave out.</summary>
    [JsonIgnore]
    public long OccurrenceBytes => Services.Sum(services => services.Sum(s => s.Dedupe.Bytes));
}
