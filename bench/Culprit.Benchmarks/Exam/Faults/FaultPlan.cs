using Culprit.Benchmarks.Exam.Simulation;
using Culprit.Benchmarks.Exam.World;

namespace Culprit.Benchmarks.Exam.Faults;

/// <summary>A row of the table planned for one world, and after the run its labels.</summary>
internal sealed class FaultPlan
{
    /// <summary>A change comes so long before its effect: instances restart one by one.</summary>
    private const double ChangeLeadMs = 30_000;
    private const double LabelAfterMs = 300_000;
    private const double VisibleShare = 0.2;
    private const int VisibleCalls = 20;

    private readonly FaultSpec _spec;
    private readonly FaultSite _site;
    private readonly int _seed;
    private readonly IReadOnlyList<PlannedFault> _faults;
    private readonly string?[] _changes;
    private readonly Seen[] _seen;
    private readonly List<string> _herrings = [];

    public FaultPlan(FaultSpec spec, ExamWorld world, int seed, int strength, double fromMs, double toMs)
    {
        _spec = spec;
        _seed = seed;

        // The place does not depend on the strength, so that the five are one curve.
        _site = new FaultSite(world, new Dice((ulong)seed).Fork("place of " + spec.Name), strength, fromMs, toMs);
        _faults = spec.Plan(_site);
        _changes = new string?[_faults.Count];
        _seen = new Seen[_faults.Count];
    }

    public IReadOnlyList<PlannedFault> Faults => _faults;

    public double FromMs => _site.FromMs;

    public double ToMs => _site.ToMs;

    public void Schedule(SimulatedSystem simulation, Rollout rollout, Dice dice)
    {
        simulation.Background.SparedFrom = _site.FromMs - 1_800_000;
        for (var i = 0; i < _faults.Count; i++)
        {
            var (at, fault) = (i, _faults[i]);
            if (fault.Service is { } service)
            {
                simulation.Town[service].Trouble = fault.Trouble;
                simulation.Background.Spared.Add(service);
            }
            else
            {
                simulation.Town[fault.Resource!].Trouble = fault.Trouble;
            }

            _changes[i] = Bring(fault, rollout);
            fault.Act?.Invoke(simulation, rollout, dice);
            simulation.Agenda.Add(Math.Min(_site.FromMs + LabelAfterMs, _site.ToMs - 1), _ => Look(at, fault, simulation));
        }

        Distract(simulation, rollout, dice);
    }

    /// <summary>What the run showed to be true; complete when the simulation has passed the fault.</summary>
    public IReadOnlyList<FaultLabel> Labels(SimulatedSystem simulation) => [.. _faults.Select((fault, i) => new FaultLabel
    {
        CaseId = $"{_spec.Name}-{_site.Strength}-{_seed}",
        Fault = _spec.Name,
        Strength = _site.Strength,
        Seed = _seed,
        Start = simulation.Start.AddMilliseconds(_site.FromMs),
        End = simulation.Start.AddMilliseconds(_site.ToMs),
        RootCause = fault.RootName,
        Also = fault.Also,
        Change = _changes[i] ?? "none",
        AnomalyTypes = _spec.AnomalyTypes,
        AffectedServices = [.. Affected(fault).Select(s => s.Name).Order(StringComparer.Ordinal)],
        RedHerrings = _herrings,
        ExposedCalls = _seen[i].Exposed,
        AffectedCalls = _seen[i].Affected,
        FirstAffectedCall = double.IsFinite(_seen[i].FirstAffectedMs) ? simulation.Start.AddMilliseconds(Math.Max(_site.FromMs, _seen[i].FirstAffectedMs)) : null,
        IsClearlyVisible = _seen[i].IsVisible,
    })];

    /// <summary>Runs the rest of the simulation, keeping nothing of its telemetry, for the labels alone.</summary>
    public IReadOnlyList<FaultLabel> LabelsAfter(SimulatedSystem simulation)
    {
        foreach (var _ in simulation.Seconds())
        {
        }

        return Labels(simulation);
    }

    private IEnumerable<ServiceNode> Affected(PlannedFault fault) =>
        _site.World.Upstream(fault.Service is { } service ? [service] : _site.World.UsersOf(fault.Resource!));

    private string? Bring(PlannedFault fault, Rollout rollout)
    {
        if (fault.Change is not { } change)
        {
            return null;
        }

        var at = _site.FromMs - ChangeLeadMs;
        if (change.Kind == "deploy")
        {
            var sha = rollout.NewSha();
            rollout.Deploy(at, fault.Service!, sha, change.Message, change.File, change.Diff);
            return sha;
        }

        var id = "chg-" + rollout.NewSha()[..8];
        rollout.Set(_site.FromMs - 2000, fault.Service!, change.Kind, id, change.Message);
        return id;
    }

    private void Look(int at, PlannedFault fault, SimulatedSystem simulation)
    {
        var (exposed, affected) = (fault.Trouble.Exposed, fault.Trouble.Affected);
        var isVisible = fault.IsVisible?.Invoke(simulation) ?? (affected >= VisibleCalls && affected >= VisibleShare * exposed);
        _seen[at] = new Seen(exposed, affected, fault.Trouble.FirstAffectedMs, isVisible);
    }

    private void Distract(SimulatedSystem simulation, Rollout rollout, Dice dice)
    {
        if (_spec.RedHerring == RedHerring.None)
        {
            return;
        }

        var involved = _faults.SelectMany(Affected).ToHashSet();
        var other = dice.Pick([.. _site.World.Services.Where(s => !involved.Contains(s) && s.Tier is not (Tier.Gateway or Tier.Job))]);
        if (_spec.RedHerring == RedHerring.Deploy)
        {
            rollout.DeployHarmless(_site.FromMs - 180_000, other);
            _herrings.Add($"harmless deploy of {other.Name} 3 minutes before");
        }
        else
        {
            simulation.Agenda.Add(_site.FromMs + 20_000, now => simulation.Background.Burst(dice, now, other));
            _herrings.Add($"log burst of {other.Name} 20 s after the start");
        }
    }

    /// <summary>What the first five minutes of a fault showed.</summary>
    private readonly record struct Seen(int Exposed, int Affected, double FirstAffectedMs, bool IsVisible);
}
