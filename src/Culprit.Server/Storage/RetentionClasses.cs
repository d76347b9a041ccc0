using Culprit.Engine.Records;
using Culprit.Server.Configuration;

namespace Culprit.Server.Storage;

/// <summary>What the numbers of retention classes mean: 0 is the default class, the others are named after their time.</summary>
/// <remarks>
/// A number keeps its meaning over restarts and changes of the configuration, because records in the journal carry numbers.
/// When all are taken, the shortest time that is no longer configured gives up its number, so that a record that still
/// waits in the journal is kept too long rather than too short.
/// </remarks>
internal sealed class RetentionClasses
{
    public const string DefaultName = "default";

    private readonly string?[] _names = new string?[RecordMark.Classes];

    private RetentionClasses() => _names[0] = DefaultName;

    /// <summary>Only the default class.</summary>
    public static RetentionClasses None { get; } = new();

    /// <summary>Finds or gives out a number for each time.</summary>
    /// <param name="known">Names by number, as they were kept.</param>
    /// <param name="times">The default first; at most 8.</param>
    /// <param name="keep">Must make a number that was given out durable, over an older name of it.</param>
    public static RetentionClasses Assign(
        IReadOnlyDictionary<int, string> known, IReadOnlyList<TimeSpan> times, Action<int, string> keep)
    {
        var classes = new RetentionClasses();
        foreach (var (number, name) in known)
        {
            classes._names[number] = name;
        }

        var wanted = times.Skip(1).Select(KeepTime.Format).ToList();
        foreach (var name in wanted.Where(n => !classes._names.Contains(n)))
        {
            var number = classes.FindFree(wanted);
            classes._names[number] = name;
            keep(number, name);
        }

        return classes;
    }

    /// <summary>The default class for a time that has no class of its own.</summary>
    public int NumberOf(TimeSpan time) => Math.Max(0, Array.IndexOf(_names, KeepTime.Format(time)));

    /// <summary>The default for a number that nothing is known about, as after the loss of the state database.</summary>
    public string NameOf(int number) => _names[number] ?? DefaultName;

    private int FindFree(List<string> wanted)
    {
        var free = Array.IndexOf(_names, null);
        if (free > 0)
        {
            return free;
        }

        return Enumerable.Range(1, RecordMark.Classes - 1)
            .Where(n => !wanted.Contains(_names[n]!))
            .MinBy(n => KeepTime.TryParse(_names[n], out var time) ? time : TimeSpan.Zero);
    }
}
