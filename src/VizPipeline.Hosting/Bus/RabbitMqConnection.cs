using RabbitMQ.Client;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Hosting;

/// <summary>Connections to the broker separate from the bus, for operations that the bus does not provide.</summary>
internal static class RabbitMqConnection
{
    /// <summary>Opens a connection. It does not recover; open another one if needed.</summary>
    public static Task<IConnection> OpenAsync(RabbitMqOptions settings, CancellationToken cancellation)
    {
        var factory = new ConnectionFactory
        {
            HostName = settings.Host,
            Port = settings.EffectivePort,
            VirtualHost = settings.VirtualHost,
            UserName = settings.User,
            Password = settings.Password,
            RequestedConnectionTimeout = TimeSpan.FromSeconds(5),
            AutomaticRecoveryEnabled = false,
        };
        if (settings.Tls)
            factory.Ssl = new SslOption(settings.Host, "", enabled: true)
            {
                CertificateValidationCallback = CertificateAuthority.Validator(settings.CaFile),
            };
        return factory.CreateConnectionAsync(cancellation);
    }

    /// <summary>
    /// Declares a queue with the same properties as the bus uses for <see cref="QueueNames"/>; the broker refuses to redeclare a queue with
    /// others.
    /// </summary>
    public static Task<QueueDeclareOk> DeclareQuorumQueueAsync(this IChannel channel, string queue, CancellationToken cancellation)
    {
        var kind = new Dictionary<string, object?> { ["x-queue-type"] = "quorum" };
        return channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, kind, cancellationToken: cancellation);
    }
}
