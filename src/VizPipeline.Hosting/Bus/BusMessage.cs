using System.Collections.Frozen;
using System.Text;
using VizPipeline.Jobs;

namespace VizPipeline.Hosting;

/// <summary>A message as carried by transports.</summary>
/// <param name="Type">The name of the message's type.</param>
/// <param name="Body">The message as JSON.</param>
public sealed record BusMessage(string Type, string Body)
{
    private static readonly FrozenDictionary<string, Type> Types = typeof(IBusMessage).Assembly.GetTypes()
        .Where(type => type is { IsAbstract: false } && type.IsAssignableTo(typeof(IBusMessage))).ToFrozenDictionary(type => type.Name);

    /// <summary>Serializes a message.</summary>
    public static BusMessage Create(IBusMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return new(message.GetType().Name, Encoding.UTF8.GetString(VizJson.Write<object>(message)));
    }

    /// <summary>Deserializes the message.</summary>
    /// <exception cref="CorruptTableException">The type is unknown, or the body does not match it.</exception>
    public IBusMessage Read() => Types.TryGetValue(Type, out var type)
        ? (IBusMessage)VizJson.Read(type, Encoding.UTF8.GetBytes(Body))
        : throw new CorruptTableException($"'{Type}' is not a message of this version");
}
