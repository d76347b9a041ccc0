using Culprit.Engine.RootCause.Learning;
using Culprit.Engine.Storage;

namespace Culprit.Server.RootCause.Learning;

/// <summary>The causes that people confirmed, at hand for reports and alerts.</summary>
/// <remarks>Read from the store at its first use; what is added later is durable before it is seen. Safe for many threads.</remarks>
internal sealed class KnownCauseBook(IFeedbackStore store) : IDisposable
{
    private readonly SemaphoreSlim _loading = new(1);
    private KnownCauses? _causes;

    public async Task AddAsync(Feedback feedback, CancellationToken cancellationToken)
    {
        await store.AddAsync(feedback, cancellationToken).ConfigureAwait(false);
        await LoadAsync(isStale: true, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The confirmed cause of incidents like this one; null when there is none.</summary>
    public async ValueTask<KnownCause?> MatchAsync(IncidentSignature signature, string incidentId, CancellationToken cancellationToken)
    {
        var causes = Volatile.Read(ref _causes) ?? await LoadAsync(isStale: false, cancellationToken).ConfigureAwait(false);
        return causes.Match(signature, incidentId);
    }

    public void Dispose() => _loading.Dispose();

    private async Task<KnownCauses> LoadAsync(bool isStale, CancellationToken cancellationToken)
    {
        await _loading.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_causes is null || isStale)
            {
                Volatile.Write(ref _causes, new KnownCauses(await store.AllAsync(cancellationToken).ConfigureAwait(false)));
            }

            return _causes!;
        }
        finally
        {
            _loading.Release();
        }
    }
}
