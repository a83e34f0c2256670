using System.Text;

namespace VizPipeline.Jobs;

/// <summary>A command on its way: the one message that carries jobs of every kind to workers, and its form in the jobs table.</summary>
/// <param name="Kind">The kind of job.</param>
/// <param name="Payload">The command as JSON.</param>
/// <param name="Attempt">How many times the job has been sent, from 1; it replaces the number in the payload.</param>
public sealed record JobMessage(JobKind Kind, string Payload, int Attempt) : IBusMessage
{
    /// <summary>Creates the message of a command.</summary>
    public static JobMessage Create(JobCommand command)
    {
        ArgumentNullException.ThrowIfNull(command);
        return new(JobKinds.Get(command).Kind, Encoding.UTF8.GetString(VizJson.Write<object>(command)), command.Attempt);
    }

    /// <summary>Reads the command.</summary>
    /// <exception cref="CorruptTableException">The payload is not a command of the kind.</exception>
    public JobCommand ReadCommand() => JobKinds.Get(Kind).ReadCommand(Payload, Attempt);
}
