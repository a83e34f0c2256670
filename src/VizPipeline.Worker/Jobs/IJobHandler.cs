using VizPipeline.Jobs;

namespace VizPipeline.Worker.Jobs;

/// <summary>
/// Handles one kind of job. Running a job twice produces the same objects. The worker finds the handlers in its assembly by this interface.
/// </summary>
public interface IJobHandler
{
    /// <summary>The type of the handled commands.</summary>
    Type CommandType { get; }

    /// <inheritdoc cref="IJobHandler{TCommand}.RunAsync"/>
    Task<byte[]> RunAsync(AtlasRuntime atlas, JobCommand command, IProgress<int> progress, CancellationToken cancellation);
}

/// <inheritdoc/>
/// <typeparam name="TCommand">The type of the command.</typeparam>
public interface IJobHandler<in TCommand> : IJobHandler
    where TCommand : JobCommand
{
    /// <summary>
    /// Runs the job and returns the bytes of its result table. Everything that the table references is in the object store by then.
    /// </summary>
    /// <param name="atlas">The opened atlas.</param>
    /// <param name="command">The command.</param>
    /// <param name="progress">Receives the number of completed units from time to time.</param>
    /// <param name="cancellation">Stops the job, which will be run again.</param>
    Task<byte[]> RunAsync(AtlasRuntime atlas, TCommand command, IProgress<int> progress, CancellationToken cancellation);

    /// <inheritdoc/>
    Type IJobHandler.CommandType => typeof(TCommand);

    /// <inheritdoc/>
    Task<byte[]> IJobHandler.RunAsync(AtlasRuntime atlas, JobCommand command, IProgress<int> progress, CancellationToken cancellation)
        => RunAsync(atlas, (TCommand)command, progress, cancellation);
}
