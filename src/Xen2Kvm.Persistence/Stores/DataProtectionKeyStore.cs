using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.EntityFrameworkCore;
using Xen2Kvm.Persistence.Rows;

namespace Xen2Kvm.Persistence.Stores;

/// <summary>The Data Protection key ring in the database, so that every node reads what another has encrypted.</summary>
internal sealed class DataProtectionKeyStore(IDbContextFactory<Xen2KvmDbContext> contexts) : IXmlRepository
{
    public IReadOnlyCollection<XElement> GetAllElements()
    {
        using var context = contexts.CreateDbContext();
        return [.. context.DataProtectionKeys.OrderBy(row => row.Id).Select(row => row.Xml).AsEnumerable().Select(XElement.Parse)];
    }

    public void StoreElement(XElement element, string friendlyName)
    {
        using var context = contexts.CreateDbContext();
        context.DataProtectionKeys.Add(new DataProtectionKeyRow
        {
            FriendlyName = friendlyName ?? "",
            Xml = element.ToString(SaveOptions.DisableFormatting),
        });
        context.SaveChanges();
    }
}
