using VizPipeline.Jobs;

namespace VizPipeline.Worker.Jobs;

/// <summary>Does one kind of job. Doing it twice gives the same objects. The worker finds all handlers of its assembly by this interface.</summary>
public interface IJobHandler
{
    /// <summary>The type of the commands.</summary>
    Type CommandType { get; }

    /// <inheritdoc cref="IJobHandler{TCommand}.Run"/>
    Task<byte[]> RunAsync(AtlasRuntime atlas, JobCommand command, IProgress<int> progress, CancellationToken cancellation);
}

/// <inheritdoc/>
/// <typeparam name="TCommand">The command.</typeparam>
public interface IJobHandler<in TCommand> : IJobHandler
    where TCommand : JobCommand
{
    /// <summary>Does the job and returns the bytes of its result table; everything that the table names is in the object store by then.</summary>
    /// <param name="atlas">The opened atlas.</param>
    /// <param name="command">What to do.</param>
    /// <param name="progress">Receives the units done so far, now and then.</param>
    /// <param name="cancellation">Stops the job; it will be done again.</param>
    Task<byte[]> Run(AtlasRuntime atlas, TCommand command, IProgress<int> progress, CancellationToken cancellation);

    /// <inheritdoc/>
    Type IJobHandler.CommandType => typeof(TCommand);

    /// <inheritdoc/>
    Task<byte[]> IJobHandler.RunAsync(AtlasRuntime atlas, JobCommand command, IProgress<int> progress, CancellationToken cancellation)
        => Run(atlas, (TCommand)command, progress, cancellation);
}
