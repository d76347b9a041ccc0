using Culprit.Engine.Patterns;
using Culprit.Engine.Records;

namespace Culprit.Engine.Flows;

/// <summary>Numbers for steps. When a pattern gets another id, its number stays.</summary>
internal sealed class FlowStepTable
{
    internal const int MaxSteps = 65_536;

    private readonly Dictionary<FlowStep, int> _numbers = [];
    private readonly List<FlowStep> _steps = [];

    public FlowStep this[int number] => _steps[number];

    /// <summary>The number of a step; -1 when there is no room for it.</summary>
    public int NumberOf(FlowStep step)
    {
        if (_numbers.TryGetValue(step, out var number))
        {
            return number;
        }

        if (_steps.Count >= MaxSteps)
        {
            return -1;
        }

        _numbers.Add(step, _steps.Count);
        _steps.Add(step);
        return _steps.Count - 1;
    }

    /// <summary>What is logged under the new id from now on is the same step as before.</summary>
    /// <remarks>A new id that has occurred already stays a step of its own.</remarks>
    /// <returns>The steps that became one, and which of them stays; null when the old one has not occurred or simply got another id.</returns>
    public (int Gone, int Stays)? Rename(string service, PatternId old, PatternId current)
    {
        var known = new FlowStep(service, current);
        if (_numbers.Count >= 2 * MaxSteps || !_numbers.TryGetValue(new FlowStep(service, old), out var number))
        {
            return null;
        }

        if (_numbers.TryAdd(known, number))
        {
            _steps[number] = known;
            return null;
        }

        return _numbers[known] == number ? null : (number, _numbers[known]);
    }

    public bool IsFull => _steps.Count >= MaxSteps;

    public void Clear()
    {
        _numbers.Clear();
        _steps.Clear();
    }

    public void Save(SnapshotWriter writer)
    {
        writer.Number(_steps.Count);
        foreach (var step in _steps)
        {
            step.Save(writer);
        }

        writer.Number(_numbers.Count);
        foreach (var (step, number) in _numbers)
        {
            step.Save(writer);
            writer.Number(number);
        }
    }

    public void Restore(ref SnapshotReader reader)
    {
        for (var left = reader.Count(); left > 0; left--)
        {
            _steps.Add(FlowStep.Load(ref reader));
        }

        for (var left = reader.Count(); left > 0 && !reader.Failed; left--)
        {
            _numbers[FlowStep.Load(ref reader)] = reader.Number(_steps.Count - 1);
        }
    }
}
