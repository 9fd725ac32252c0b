"""A compute driver for Nova: its fake driver, but with real disks.

A server's disk is downloaded from the image service, as by the libvirt driver, to
INSTANCES/<server id>/disk; `disk.sha512` beside it is for `sha512sum -c`. A snapshot uploads that
disk.
"""

import hashlib
import shutil
from pathlib import Path
from typing import Any

from nova import conf, context, objects  # type: ignore[import-untyped]
from nova.image import glance  # type: ignore[import-untyped]
from nova.virt import fake  # type: ignore[import-untyped]


class LabDriver(fake.FakeDriverWithoutFakeNodes):  # type: ignore[misc]
    """A host whose servers do not run, but have disks and survive a restart."""

    def init_host(self, host: str) -> None:
        """Restore the servers of an earlier run."""
        super().init_host(host)
        for server in objects.InstanceList.get_by_host(context.get_admin_context(), host):
            if server.vm_state != "error":
                self.instances[server.uuid] = fake.FakeInstance(
                    server.name, server.power_state, server.uuid
                )

    def spawn(self, context: Any, instance: Any, *args: Any, **kwargs: Any) -> None:
        """Download the image, then do as the fake driver does."""
        if instance.image_ref:
            disk = _disk(instance)
            disk.parent.mkdir(parents=True, exist_ok=True)
            glance.API().download(context, instance.image_ref, dest_path=str(disk))
            with disk.open("rb") as file:
                checksum = hashlib.file_digest(file, "sha512").hexdigest()
            disk.with_name("disk.sha512").write_text(f"{checksum}  disk\n")
        super().spawn(context, instance, *args, **kwargs)

    def destroy(
        self,
        context: Any,
        instance: Any,
        network_info: Any,
        block_device_info: Any = None,
        destroy_disks: bool = True,
        destroy_secrets: bool = True,
    ) -> None:
        """Remove a server, and its disk if `destroy_disks`."""
        super().destroy(
            context, instance, network_info, block_device_info, destroy_disks, destroy_secrets
        )
        if destroy_disks:
            shutil.rmtree(_disk(instance).parent, ignore_errors=True)

    def snapshot(self, context: Any, instance: Any, image_id: str, update_task_state: Any) -> None:
        """Upload the disk as an image."""
        super().snapshot(context, instance, image_id, update_task_state)
        meta = {
            "status": "active",
            "disk_format": "raw",
            "container_format": "bare",
            "properties": {},
        }
        with _disk(instance).open("rb") as disk:
            glance.API().update(context, image_id, meta, disk)


def _disk(instance: Any) -> Path:
    return Path(conf.CONF.instances_path) / str(instance.uuid) / "disk"
