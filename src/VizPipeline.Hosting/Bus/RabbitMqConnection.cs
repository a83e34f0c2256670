using RabbitMQ.Client;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Hosting;

/// <summary>A connection to the broker beside the bus's own, for what the bus does not do.</summary>
internal static class RabbitMqConnection
{
    /// <summary>Opens one. It does not recover: whoever needs it again opens another.</summary>
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
    /// Declares a queue as the bus declares those of <see cref="QueueNames"/>: another kind of the same name would be refused.
    /// </summary>
    public static Task DeclareQuorumQueueAsync(this IChannel channel, string queue, CancellationToken cancellation)
    {
        var kind = new Dictionary<string, object?> { ["x-queue-type"] = "quorum" };
        return channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, kind, cancellationToken: cancellation);
    }
}
