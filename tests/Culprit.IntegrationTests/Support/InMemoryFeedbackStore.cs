using Culprit.Engine.RootCause.Learning;
using Culprit.Engine.Storage;

namespace Culprit.IntegrationTests.Support;

/// <summary>Feedback that lasts as long as the test.</summary>
internal sealed class InMemoryFeedbackStore : IFeedbackStore
{
    private readonly List<Feedback> _all = [];

    public Task AddAsync(Feedback feedback, CancellationToken cancellationToken)
    {
        lock (_all)
        {
            _all.Add(feedback);
        }

        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<Feedback>> AllAsync(CancellationToken cancellationToken)
    {
        lock (_all)
        {
            return Task.FromResult<IReadOnlyList<Feedback>>([.. _all]);
        }
    }
}
