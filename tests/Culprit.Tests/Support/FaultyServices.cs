using Culprit.Server.Journal;

namespace Culprit.Tests.Support;

/// <summary>Journals of services that log, and now and then fail one after the other.</summary>
internal static class FaultyServices
{
    private const int Seconds = 240;

    /// <summary>Four minutes, with a tick every second; ends with one.</summary>
    public static List<JournalEntry> Traffic(Random random)
    {
        string[] services = ["web", "orders", "inventory", "payments"];
        var entries = new List<JournalEntry>();
        var sequence = 1L;
        var failing = 0;
        var faulty = services[0];
        for (var second = 0; second < Seconds; second++)
        {
            if (failing == 0 && random.Next(40) == 0)
            {
                (failing, faulty) = (random.Next(5, 20), services[random.Next(services.Length)]);
            }

            var records = new List<Entry>();
            for (var i = random.Next(1, 6); i > 0; i--)
            {
                var at = second + (random.NextDouble() * 0.9);
                records.Add(failing > 0 && random.Next(2) == 0
                    ? Some.Error(at, faulty, $"connection {random.Next(100)} to database refused")
                    : Some.Log(at, services[random.Next(services.Length)], $"request {random.Next(1000)} served"));
            }

            failing = Math.Max(0, failing - 1);
            var batch = Some.Batch(sequence, [.. records]);
            entries.Add(new JournalEntry(sequence, batch, 0));
            sequence = batch.LastSequence + 1;
            entries.Add(new JournalEntry(sequence++, null, Some.At(second + 1)));
        }

        return entries;
    }
}
