using System.Text.Json;
using Culprit.Engine.Rules;

namespace Culprit.Engine;

/// <summary>Freezing the pipeline and bringing it back.</summary>
internal sealed partial class Pipeline
{
    /// <summary>Raised whenever the frozen form changes: an older one is then rebuilt from the journal.</summary>
    public const int SnapshotVersion = 6;

    private static readonly JsonSerializerOptions SnapshotJson = new() { IncludeFields = false };

    /// <summary>The whole state. Restoring it and going on gives the same events as never having stopped.</summary>
    public byte[] ToSnapshot() => JsonSerializer.SerializeToUtf8Bytes(
        new PipelineState(
            TickNanos,
            [.. _stages.Environments.Select(e => e.Stage.ToState())],
            [.. _stages.Environments.Select(e => e.Services.Select(s => s.ToState()).ToArray())],
            [.. _stages.Environments.Select(e => e.Detectors?.ToState() ?? [])],
            [.. _stages.Environments.Select(e => e.Flows?.ToSnapshot())],
            _rules?.ToState()),
        SnapshotJson);

    /// <summary>Fills a new pipeline from a snapshot; false (and then unusable) when the bytes cannot be read.</summary>
    public bool TryRestore(int version, ReadOnlySpan<byte> bytes)
    {
        if (version != SnapshotVersion)
        {
            return false;
        }

        try
        {
            return JsonSerializer.Deserialize<PipelineState>(bytes, SnapshotJson) is { } state && Restore(state);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private bool Restore(PipelineState state)
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
                if (!entry.Service(service.Service).Restore(service))
                {
                    return false;
                }
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
    RuleEngineState? Rules);
