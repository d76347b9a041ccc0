namespace Culprit.Benchmarks.Exam.World;

/// <summary>What a world does when all is well: expected calls a second and durations, from the graph alone.</summary>
internal static class WorldRates
{
    public static void FillIn(ExamWorld world, double peakRequestsPerSecond)
    {
        var total = world.Entries.Sum(e => e.Weight);
        foreach (var (operation, weight) in world.Entries)
        {
            AddRate(operation, peakRequestsPerSecond * weight / total);
        }

        foreach (var operation in world.Services.SelectMany(s => s.Operations))
        {
            operation.UsualMs = Usual(operation);
        }
    }

    private static void AddRate(Operation operation, double rate)
    {
        operation.PeakRate += rate;
        foreach (var step in operation.Steps)
        {
            switch (step)
            {
                case ServiceStep call:
                    AddRate(call.Operation, rate * call.Probability);
                    break;
                case PublishStep publish:
                    AddRate(publish.Queue.Handler, rate * publish.Probability);
                    break;
                default:
                    break;
            }
        }
    }

    private static double Usual(Operation operation) => operation.SelfMs + operation.Steps.Sum(step => step switch
    {
        ServiceStep call => call.Probability * Usual(call.Operation),
        ResourceStep call => call.Probability * call.Resource.MedianMs,
        CacheStep cache => cache.Cache.MedianMs + ((1 - cache.HitShare) * cache.Store.MedianMs),
        _ => 1,
    });
}
