using Culprit.Engine.RootCause.Learning;

namespace Culprit.Engine.Storage;

/// <summary>What people said of explanations: kept for good, low volume.</summary>
internal interface IFeedbackStore
{
    /// <summary>Returns when it is durable.</summary>
    Task AddAsync(Feedback feedback, CancellationToken cancellationToken);

    /// <summary>All of it, in the order in which it was given.</summary>
    Task<IReadOnlyList<Feedback>> AllAsync(CancellationToken cancellationToken);
}
