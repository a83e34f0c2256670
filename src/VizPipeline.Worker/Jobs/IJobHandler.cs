using VizPipeline.Jobs;

namespace VizPipeline.Worker.Jobs;

/// <summary>Does one kind of job. Doing it twice gives the same objects.</summary>
/// <typeparam name="TCommand">The command.</typeparam>
public interface IJobHandler<in TCommand>
    where TCommand : IJobCommand
{
    /// <summary>Key of the job's result table, which is written last: where it is, the job is done.</summary>
    string ResultKey(AtlasSpec spec, TCommand command);

    /// <summary>Units of work of the job: images or neurons, see <see cref="PlannedJob.Units"/>.</summary>
    int Units(TCommand command);

    /// <summary>Does the job and returns the result table's bytes; everything that the table names is in the object store by then.</summary>
    /// <param name="atlas">The opened atlas.</param>
    /// <param name="command">What to do.</param>
    /// <param name="progress">Told the units done so far, now and then.</param>
    /// <param name="cancellation">Stops the job; it will be done again.</param>
    Task<byte[]> Run(AtlasRuntime atlas, TCommand command, IProgress<int> progress, CancellationToken cancellation);
}
