using Culprit.Engine.Records;
using Culprit.Server.Configuration;

namespace Culprit.Server.Storage.Embedded;

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
    /// <param name="times">The default first; at most 8.</param>
    public static Task<RetentionClasses> LoadAsync(
        StateDatabase database, IReadOnlyList<TimeSpan> times, CancellationToken cancellationToken) =>
        database.WriteAsync(
            connection =>
            {
                var classes = new RetentionClasses();
                using (var select = StateDatabase.Command(connection, "SELECT number, name FROM retention_classes"))
                using (var reader = select.ExecuteReader())
                {
                    while (reader.Read())
                    {
                        classes._names[reader.GetInt32(0)] = reader.GetString(1);
                    }
                }

                var wanted = times.Skip(1).Select(KeepTime.Format).ToList();
                foreach (var name in wanted.Where(n => !classes._names.Contains(n)))
                {
                    var number = classes.FindFree(wanted);
                    classes._names[number] = name;
                    using var replace = StateDatabase.Command(
                        connection,
                        "INSERT OR REPLACE INTO retention_classes (number, name) VALUES ($number, $name)",
                        ("$number", number),
                        ("$name", name));
                    replace.ExecuteNonQuery();
                }

                return classes;
            },
            cancellationToken);

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
